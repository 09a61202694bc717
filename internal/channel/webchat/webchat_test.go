package webchat_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/channel"
	"yingda.dev/internal/channel/channeltest"
	"yingda.dev/internal/channel/webchat"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/auth"
)

var claims = auth.VisitorClaims{Scope: "user", External: "u-1", Verified: true, Name: "Ada", Locale: desk.English}

func decode(data []byte) (channel.Envelope, error) { return webchat.Decode(claims, data) }

func TestContract(t *testing.T) {
	t.Parallel()
	in := func(name, id, data string) channeltest.Input {
		return channeltest.Input{Name: name, Data: []byte(data), ID: id, Kind: channel.MessageEvent}
	}
	channeltest.Run(t, channeltest.Harness{
		Adapter: webchat.Adapter{},
		Account: channel.Account{Inbox: desk.Inbox{Channel: "webchat", Enabled: true}},
		Decode:  decode,
		Inputs: []channeltest.Input{
			in("text", "c1", `{"client_id":"c1","parts":[{"type":"text","text":"你好"}]}`),
			in("unknown fields are ignored", "c2", `{"client_id":"c2","later":1,"parts":[{"type":"text","text":"a","later":{}}]}`),
			in("uploaded file", "c3", `{"client_id":"c3","parts":[{"type":"file","media":{"id":"att_01kjvktcgrhwdaxv57vkrmfvhc","name":"a.pdf"}}]}`),
			in("file by its address", "", `{"client_id":"a","parts":[{"type":"file","media":{"url":"/files/x"}}]}`),
			in("no id", "", `{"parts":[{"type":"text","text":"a"}]}`),
			in("id with a line break", "", `{"client_id":"a\nb","parts":[{"type":"text","text":"a"}]}`),
			in("id too long", "", `{"client_id":"`+strings.Repeat("a", 101)+`","parts":[{"type":"text","text":"a"}]}`),
			in("no parts", "", `{"client_id":"a","parts":[]}`),
			in("too many parts", "", `{"client_id":"a","parts":[`+strings.Repeat(`{"type":"text","text":"a"},`, 20)+`{"type":"text","text":"a"}]}`),
			in("blank text", "", `{"client_id":"a","parts":[{"type":"text","text":" \n"}]}`),
			in("long text", "", `{"client_id":"a","parts":[{"type":"text","text":"`+strings.Repeat("字", desk.MaxTextRunes+1)+`"}]}`),
			in("file elsewhere", "", `{"client_id":"a","parts":[{"type":"image","media":{"url":"https://evil.example/pixel.gif"}}]}`),
			in("script address", "", `{"client_id":"a","parts":[{"type":"card","card":{"title":"x","url":"javascript:alert(1)"}}]}`),
			in("buttons from a visitor", "", `{"client_id":"a","parts":[{"type":"buttons","buttons":[{"label":"x"}]}]}`),
			in("reply to no message", "", `{"client_id":"a","reply_to":"cnv_1","parts":[{"type":"text","text":"a"}]}`),
			in("time that is none", "", `{"client_id":"a","sent_at":"yesterday","parts":[{"type":"text","text":"a"}]}`),
			in("too large", "", `{"client_id":"a","x":"`+strings.Repeat("a", 256<<10)+`"}`),
		},
	})
}

func TestDecodeTakesThePersonFromTheTokenOnly(t *testing.T) {
	t.Parallel()
	e, err := decode([]byte(`{"client_id":"c","scope":"user","external":"u-2","verified":false,
		"peer":{"external":"u-2"},"sent_at":"2026-01-02T03:04:05.123456789+08:00","parts":[{"type":"text","text":"a"}]}`))
	require.NoError(t, err)
	require.Equal(t, channel.Peer{
		Scope: "user", External: "u-1", Verified: true, Profile: desk.Profile{Name: "Ada", Locale: desk.English},
	}, e.Peer)
	require.Equal(t, time.Date(2026, 1, 1, 19, 4, 5, 123456000, time.UTC), e.At)
	require.Equal(t, []channel.Trigger{channel.OnMessage}, e.Opens)
}

func TestDecodeStoresNothingThatWasNotChecked(t *testing.T) {
	t.Parallel()
	e, err := decode([]byte(`{"client_id":"c","parts":[
		{"type":"text","text":"a","media":{"url":"javascript:alert(1)"},"card":{"title":""}},
		{"type":"form","form":{"fields":[{"name":"a","label":"A","kind":"text"},{"name":"b","label":"B","kind":"text"}],"values":{"a":"1","hidden":"x"}}}]}`))
	require.ErrorIs(t, err, desk.Invalid, "a stray file is refused as well")
	require.Empty(t, e)
	e, err = decode([]byte(`{"client_id":"c","parts":[
		{"type":"text","text":"a","card":{"title":""},"buttons":[{"label":""}]},
		{"type":"form","form":{"fields":[{"name":"a","label":"A","kind":"text"},{"name":"b","label":"B","kind":"text"}],"values":{"a":"1","hidden":"x"}}}]}`))
	require.NoError(t, err)
	require.Equal(t, desk.Part{Type: desk.TextPart, Text: "a"}, e.Message.Content.Parts[0])
	require.Equal(t, map[string]string{"a": "1"}, e.Message.Content.Parts[1].Form.Values)
}

func TestDecodeReadAndTyping(t *testing.T) {
	t.Parallel()
	e, err := webchat.DecodeRead(claims, []byte(`{"seq":7}`))
	require.NoError(t, err)
	require.Equal(t, &channel.Receipt{UpToSeq: 7, Status: desk.Read}, e.Receipt)
	for _, bad := range []string{`{}`, `{"seq":0}`, `{"seq":-1}`, `{"seq":"7"}`, `{"seq":1.5}`, `[]`} {
		_, err = webchat.DecodeRead(claims, []byte(bad))
		require.ErrorIs(t, err, desk.Invalid, bad)
	}

	e, err = webchat.DecodeTyping(claims, []byte(`{"on":true,"text":"`+strings.Repeat("字", 600)+`end"}`))
	require.NoError(t, err)
	require.True(t, e.Signal.On)
	require.Equal(t, channel.MaxDraft, utf8.RuneCountInString(e.Signal.Text))
	require.True(t, strings.HasSuffix(e.Signal.Text, "字end"), "agents see the end of a long draft")
	_, err = webchat.DecodeTyping(claims, []byte(`{"on":"yes"}`))
	require.ErrorIs(t, err, desk.Invalid)
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"client_id":"c","parts":[{"type":"text","text":"a"}],"reply_to":"msg_01arz3ndektsv4rrffq69g5fav0"}`))
	f.Add([]byte(`{"client_id":"c","parts":[{"type":"form","form":{"fields":[{"name":"a","label":"A","kind":"text"}],"values":{"a":"1"}}}]}`))
	f.Add([]byte(`{"client_id":"c","parts":[{"type":"location","location":{"latitude":1,"longitude":2}}],"sent_at":"2026-01-02T03:04:05Z"}`))
	for _, data := range channeltest.Hostile() {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, parse := range []func(auth.VisitorClaims, json.RawMessage) (channel.Envelope, error){
			webchat.Decode, webchat.DecodeRead, webchat.DecodeTyping,
		} {
			e, err := parse(claims, data)
			if err != nil {
				require.ErrorIs(t, err, desk.Invalid)
				continue
			}
			require.NoError(t, e.Validate())
			require.Equal(t, webchat.Peer(claims), e.Peer)
			again, err := parse(claims, data)
			require.NoError(t, err)
			require.Equal(t, e, again)
		}
	})
}
