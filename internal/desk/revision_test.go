package desk_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
)

func TestRevision(t *testing.T) {
	t.Parallel()
	seen := desk.RevisionOf("退款", "red", []string{"a"})
	require.Len(t, seen, 16)
	require.Equal(t, seen, desk.RevisionOf("退款", "red", []string{"a"}))
	for _, other := range []desk.Revision{
		desk.RevisionOf("退款", "red", []string{"b"}), desk.RevisionOf("退款", "re", "d", []string{"a"}), desk.RevisionOf("退款red", []string{"a"}),
	} {
		require.NotEqual(t, seen, other)
		require.ErrorIs(t, seen.Seen("test", other), desk.Conflict)
	}
	require.NoError(t, seen.Seen("test", seen))
	require.NoError(t, desk.Revision("").Seen("test", seen))
}
