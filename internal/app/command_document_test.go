package app

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/app/child"
	"yingda.dev/internal/desk"
)

func TestFilesAreReadInAProcessOfTheirOwn(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	require.NoError(t, err)
	reader := documents{child.Program{Path: self}}
	d, err := reader.Read(t.Context(), "--退货.md", []byte("# 退货\n\n七天内可退。"))
	require.NoError(t, err)
	require.Equal(t, "退货", d.Title)
	_, err = reader.Read(t.Context(), "x.doc", []byte("\xd0\xcf\x11\xe0"))
	require.ErrorIs(t, err, desk.Unsupported)
	require.Contains(t, desk.UserMessage(err), ".docx")
	_, err = documents{child.Program{Path: "/bin/false"}}.Read(t.Context(), "x.pdf", []byte("%PDF-1.7"))
	require.ErrorIs(t, err, desk.Invalid, "a file that the reader does not survive is as good as damaged")
}
