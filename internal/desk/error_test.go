package desk_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
)

func TestErrorsAreFoundByKind(t *testing.T) {
	t.Parallel()
	kinds := []desk.Kind{
		desk.Internal, desk.Invalid, desk.NotFound, desk.Conflict, desk.Denied,
		desk.Unauthenticated, desk.Limited, desk.Unavailable, desk.Unsupported,
	}
	names := make(map[string]bool)
	for _, k := range kinds {
		err := fmt.Errorf("outside: %w", desk.E(k, "try thing", "say so"))
		require.ErrorIs(t, err, k)
		require.Equal(t, k, desk.KindOf(err))
		require.Equal(t, k, desk.KindOf(k), "a bare kind is an error too")
		require.Equal(t, "say so", desk.UserMessage(err))
		names[k.String()] = true
		for _, other := range kinds {
			require.Equal(t, k == other, errors.Is(err, other))
		}
		require.Equal(t, k == desk.Limited || k == desk.Unavailable, k.Retryable())
	}
	require.Len(t, names, len(kinds), "each kind has a name of its own")
	require.Equal(t, "internal", desk.Kind(200).String())
}

func TestErrorCausesStayInside(t *testing.T) {
	t.Parallel()
	cause := errors.New("password=hunter2")
	err := desk.Wrap(desk.Unavailable, "open store", cause)
	require.ErrorIs(t, err, cause)
	require.ErrorIs(t, err, desk.Unavailable)
	require.Contains(t, err.Error(), "open store: unavailable: password=hunter2", "logs see the cause")
	require.Empty(t, desk.UserMessage(err), "people do not")
	require.NoError(t, desk.Wrap(desk.Internal, "nothing", nil))
	require.Equal(t, desk.Internal, desk.KindOf(cause))
	require.Equal(t, "parts[0]", desk.InvalidField("check", "parts[0]", "empty").Field)
	outer := desk.Wrap(desk.Denied, "outer", desk.E(desk.NotFound, "inner", ""))
	require.Equal(t, desk.Denied, desk.KindOf(outer), "the outermost kind counts")
}
