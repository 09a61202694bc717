package dialogue_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/engine/dialogue"
)

// The demo company's flows are flows, and their test dialogues pass.
func TestFlowsOfTheDemoCompany(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../app/demo/*/flows/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	set := dialogue.Set{}
	for _, file := range files {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		if f, _ := dialogue.Parse(source); f != nil {
			set[f.Name] = f
		}
	}
	require.GreaterOrEqual(t, len(set), 8)
	for _, file := range files {
		t.Run(filepath.Base(filepath.Dir(filepath.Dir(file)))+"/"+filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			source, err := os.ReadFile(file)
			require.NoError(t, err)
			f, problems := dialogue.Parse(source)
			for _, p := range problems {
				t.Errorf("%d:%d %s: %s", p.Line, p.Column, p.Path, p.Message("en"))
			}
			require.NotNil(t, f)
			require.Empty(t, dialogue.CheckSet(set, f))
			require.GreaterOrEqual(t, len(f.Tests), 2)
			for _, test := range f.Tests {
				r := dialogue.Rehearse(set, f, test)
				require.True(t, r.Passed, "%s, line %d: want %q, got %q\n%+v", r.Name, r.Line, r.Want, r.Got, r.Trace)
			}
		})
	}
}
