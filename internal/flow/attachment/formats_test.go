package attachment

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
)

func TestRecognise(t *testing.T) {
	t.Parallel()
	pad := strings.Repeat("\x00", 64)
	for name, tc := range map[string]struct{ head, end, declared, mime string }{
		"JPEG, whatever it is called": {"\xff\xd8\xff\xe0" + pad, "exe", "text/html", "image/jpeg"},
		"PNG":                         {"\x89PNG\r\n\x1a\n" + pad, "png", "", "image/png"},
		"GIF":                         {"GIF89a" + pad, "gif", "", "image/gif"},
		"WebP":                        {"RIFF\x10\x00\x00\x00WEBPVP8 " + pad, "webp", "", "image/webp"},
		"WAVE":                        {"RIFF\x10\x00\x00\x00WAVEfmt " + pad, "wav", "", "audio/wav"},
		"a voice message of Chrome":   {"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm" + pad, "webm", "audio/webm;codecs=opus", "audio/webm"},
		"a video of Chrome":           {"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm" + pad, "webm", "video/webm", "video/webm"},
		"a voice message of Safari":   {"\x00\x00\x00\x1cftypiso5" + pad, "m4a", "audio/mp4", "audio/mp4"},
		"MP4":                         {"\x00\x00\x00\x1cftypisom" + pad, "mp4", "video/mp4", "video/mp4"},
		"a declared sound is no more": {"\x89PNG\r\n\x1a\n" + pad, "png", "audio/mp4", "image/png"},
		"HEIC is saved":               {"\x00\x00\x00\x1cftypheic" + pad, "heic", "image/jpeg", "image/heic"},
		"QuickTime":                   {"\x00\x00\x00\x14ftypqt  " + pad, "mov", "", "video/quicktime"},
		"Ogg":                         {"OggS\x00\x02" + pad + "OpusHead", "ogg", "", "audio/ogg"},
		"MP3 with a tag":              {"ID3\x04\x00" + pad, "mp3", "", "audio/mpeg"},
		"MP3 without":                 {"\xff\xfb\x90\x64" + pad, "mp3", "", "audio/mpeg"},
		"AAC":                         {"\xff\xf1\x50\x80" + pad, "aac", "", "audio/aac"},
		"AMR is no script":            {"#!AMR\n" + pad, "amr", "", "audio/amr"},
		"PDF":                         {"%PDF-1.7\n" + pad, "pdf", "", "application/pdf"},
		"Word":                        {"PK\x03\x04\x14\x00" + pad, "docx", "", zipped[1].mime},
		"ZIP":                         {"PK\x03\x04\x14\x00" + pad, "zip", "", "application/zip"},
		"ZIP without an ending":       {"PK\x03\x04\x14\x00" + pad, "", "", "application/zip"},
		"a Java archive":              {"PK\x03\x04\x14\x00" + pad, "jar", "", ""},
		"an Android package":          {"PK\x03\x04\x14\x00" + pad, "apk", "application/zip", ""},
		"old Word":                    {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + pad, "doc", "", "application/msword"},
		"an installer":                {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + pad, "msi", "", ""},
		"a compound without a name":   {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + pad, "", "", ""},
		"tar":                         {strings.Repeat("a", 257) + "ustar" + pad, "tar", "", "application/x-tar"},
		"text":                        {"你好，世界", "txt", "", "text/plain"},
		"text without an ending":      {"hello", "", "", "text/plain"},
		"text cut in a character":     {"你好"[:5], "txt", "", "text/plain"},
		"GB 18030":                    {"\xc4\xe3\xba\xc3\xa3\xac\xca\xc0\xbd\xe7", "txt", "", "text/plain"},
		"UTF-16":                      {"\xff\xfeh\x00i\x00", "txt", "", "text/plain"},
		"a table":                     {"a,b\n1,2\n", "csv", "", "text/csv"},
		"a page is bytes":             {"<!doctype html><script>alert(1)</script>", "html", "text/html", octets},
		"SVG is bytes":                {"<svg onload=alert(1)>", "svg", "image/svg+xml", octets},
		"XML is bytes":                {"<?xml version='1.0'?>", "xml", "", octets},
		"a page called a picture":     {"<!doctype html><script>alert(1)</script>", "png", "image/png", ""},
		"a batch file":                {"@echo off\r\n", "bat", "text/plain", ""},
		"a script":                    {"alert(1)", "js", "text/javascript", ""},
		"a shell script":              {"#!/bin/sh\nrm -rf /", "txt", "", ""},
		"PowerShell":                  {"Write-Host hi", "ps1", "", ""},
		"a program":                   {"MZ\x90\x00" + pad, "jpg", "image/jpeg", ""},
		"a program of Linux":          {"\x7fELF\x02" + pad, "", "", ""},
		"a Java class":                {"\xca\xfe\xba\xbe" + pad, "pdf", "", ""},
		"WebAssembly":                 {"\x00asm\x01" + pad, "bin", "", ""},
		"a shortcut":                  {"L\x00\x00\x00\x01\x14\x02\x00" + pad, "lnk", "", ""},
		"unknown bytes":               {"\x01\x02\x03\x04", "txt", "text/plain", ""},
		"nothing":                     {"", "txt", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, ok := recognise([]byte(tc.head), tc.end, tc.declared)
			require.Equal(t, tc.mime != "", ok)
			require.Equal(t, tc.mime, f.mime)
		})
	}
	// What a browser shows in place is what no browser runs.
	for _, list := range [][]format{zipped, compound, written} {
		for _, f := range list {
			require.False(t, f.inline)
			require.Equal(t, desk.FilePart, f.kind)
		}
	}
}

func FuzzRecognise(f *testing.F) {
	for _, s := range []string{"\xff\xd8\xff", "PK\x03\x04", "你好", "\x00\x00\x00\x1cftypisom", "#!AMR", "BM"} {
		f.Add([]byte(s), "txt", "audio/mp4")
	}
	f.Fuzz(func(t *testing.T, head []byte, end, declared string) {
		got, ok := recognise(head, end, declared)
		if !ok {
			return
		}
		require.NotEmpty(t, got.ends)
		if got.inline {
			require.Contains(t, []string{GroupImage, GroupAudio, GroupVideo}, got.group)
		}
		for _, p := range programs {
			if strings.HasPrefix(string(head), p) && !strings.HasPrefix(string(head), "#!AMR") {
				require.Equal(t, "ustar", string(head[257:262]), "only what has a mark of its own further on")
			}
		}
	})
}

func TestCleanName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"照片.jpg": "照片.jpg", "../../etc/passwd": "passwd", `C:\Users\me\a.txt`: "a.txt", "..": "file", "": "file", ".": "file",
		"a\x00b.txt": "ab.txt", "gpj.exe\u202e.txt": "gpj.exe.txt", "\u200bx\ufeff.txt": "x.txt", "a\r\nSet-Cookie: x": "a Set-Cookie_ x",
		"con.txt": "_con.txt", "COM1": "_COM1", `<>:"|?*.txt`: "_______.txt", "  . a .  ": "a", "a\tb.txt": "a b.txt", "\xff\xfe.txt": "_.txt",
		"／etc／passwd": "_etc_passwd", ".htaccess": "htaccess", "报告（最终）.pdf": "报告（最终）.pdf", "👍🏽.png": "👍🏽.png",
	} {
		require.Equal(t, want, CleanName(in), "%q", in)
	}
	long := CleanName(strings.Repeat("长", 300) + ".docx")
	require.LessOrEqual(t, len(long), maxNameBytes)
	require.True(t, strings.HasSuffix(long, "长.docx"))
	require.Equal(t, "photo.exe.jpg", named("photo.exe", jpegFormat))
	require.Equal(t, "photo.JPEG", named("photo.JPEG", jpegFormat))
	require.Equal(t, "file.png", named("", pngFormat))
	require.Equal(t, "invoice.pdf.exe.pdf", named("invoice.pdf.exe", pdfFormat))
}

func FuzzCleanName(f *testing.F) {
	for _, s := range []string{"../a", "a/b\\c", "\u202eexe.txt", strings.Repeat("é", 200), "con", "a.\u2028b", "%2e%2e%2f"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		for _, name := range []string{CleanName(in), named(in, pdfFormat)} {
			require.NotEmpty(t, name)
			require.LessOrEqual(t, len(name), maxNameBytes)
			require.True(t, utf8.ValidString(name))
			require.NotContains(t, []string{".", ".."}, name)
			require.False(t, strings.ContainsAny(name, "/\\\x00\r\n\"<>:|?*"), name)
			for _, r := range name {
				require.False(t, unicode.IsControl(r) || unicode.Is(unicode.Cf, r), "%q", name)
			}
		}
		require.Equal(t, "pdf", ending(named(in, pdfFormat)))
	})
}
