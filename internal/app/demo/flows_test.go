package demo_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/app/demo"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/dialogue"
)

// Each flow is read without a remark, leads its test dialogues as written, and
// is what some intent calls.
func TestFlows(t *testing.T) {
	t.Parallel()
	sources, err := demo.Flows(desk.Chinese)
	require.NoError(t, err)
	set := make(dialogue.Set)
	for name, source := range sources {
		flow, problems := dialogue.Parse([]byte(source))
		for _, p := range problems {
			t.Errorf("%s: line %d: %s", name, p.Line, p.Message("en"))
		}
		if flow == nil {
			continue
		}
		require.Equal(t, name, flow.Name)
		require.NotEmpty(t, flow.Tests, name)
		set[name] = flow
	}
	for name, flow := range set {
		for _, test := range flow.Tests {
			r := dialogue.Rehearse(set, flow, test)
			if !r.Passed {
				t.Errorf("%s, %s: line %d: want %q, got %q", name, test.Name, r.Line, r.Want, r.Got)
			}
		}
	}
	intents, err := demo.Intents()
	require.NoError(t, err)
	called := make(map[string]bool)
	for _, in := range intents {
		_, problems := dialogue.Actions(in.Actions, in.Name)
		require.Empty(t, problems, in.Name)
		var actions []struct{ Type, Flow string }
		require.NoError(t, json.Unmarshal(in.Actions, &actions))
		for _, a := range actions {
			if a.Type == "flow" {
				require.Contains(t, set, a.Flow, in.Name)
				called[a.Flow] = true
			}
		}
	}
	require.Len(t, called, len(set))
}
