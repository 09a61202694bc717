package dialogue_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/engine/dialogue"
)

// small is a flow around one step.
func small(step string) string {
	return "flow: small\nslots:\n  no: {kind: order, ask: 单号？}\nstates:\n  begin:\n    - ask: no\n    - say: \"{{no}}\"\n" + step
}

func TestProblemsNameTheirPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, source, key string
		line              int
	}{
		{"nothing", "", "empty", 1},
		{"no YAML", "flow: [", "syntax", 1},
		{"a tab", "flow: x\n\tstates: {}", "syntax", 2},
		{"no states", "flow: x", "no_states", 1},
		{"a list", "- a", "want_map", 1},
		{"misspelt", "flow: x\nsalutaton: 亲\nstates: {a: [{end: }]}", "did_you_mean", 2},
		{"unknown", "flow: x\nzzz: 1\nstates: {a: [{end: }]}", "unknown_field", 2},
		{"twice", "flow: x\nflow: y\nstates: {a: [{end: }]}", "duplicate", 2},
		{"bad name", "flow: 查订单\nstates: {a: [{end: }]}", "bad_name", 1},
		{"anchor", "flow: x\nstates:\n  a: &b\n    - end:\n  c: *b", "alias", 3},
		{"unknown state", small("    - goto: nowhere"), "unknown_state", 8},
		{"unknown slot", small("    - ask: name"), "unknown_slot", 8},
		{"unknown variable", small("    - say: 您好 {{nme}}"), "unknown_variable", 8},
		{"variable of a condition", small("    - if: total > 3\n      then: begin"), "unknown_variable", 8},
		{"condition", small("    - if: no ==\n      then: begin"), "expression", 8},
		{"condition that walks", small("    - if: all([1], # > 0)\n      then: begin"), "expression", 8},
		{"range", small("    - if: len(1..1000000) > 3\n      then: begin"), "expression", 8},
		{"no verb", small("    - {}"), "no_verb", 8},
		{"misspelt verb", small("    - handof: x"), "did_you_mean", 8},
		{"two verbs", small("    - say: a\n      goto: begin"), "two_verbs", 9},
		{"beside", small("    - say: a\n      yes: begin"), "unknown_field", 9},
		{"open variable", small("    - say: 您好 {{no"), "template_open", 8},
		{"secret in a message", small("    - say: \"{{secret.key}}\""), "secret_here", 8},
		{"secret in a condition", small("    - if: secret.key == \"a\"\n      then: begin"), "secret_here", 8},
		{"secret in a body", small("    - call: {post: \"https://a.example/x\", body: {k: \"{{secret.key}}\"}}"), "secret_here", 8},
		{"host of a variable", small("    - call: {get: \"https://{{no}}.example/\"}"), "bad_url", 8},
		{"behind the host", small("    - call: {get: \"https://a.example{{no}}/\"}"), "bad_url", 8},
		{"behind a secret", small("    - call: {get: \"{{secret.shop}}{{no}}\"}"), "bad_url", 8},
		{"scheme", small("    - call: {get: \"file:///etc/passwd\"}"), "bad_url", 8},
		{"header", small("    - call: {get: \"https://a.example/\", headers: {Host: b}}"), "bad_header", 8},
		{"status", small("    - call: {get: \"https://a.example/\"}\n      on: {302: begin}"), "bad_status", 9},
		{"timeout", small("    - call: {get: \"https://a.example/\", timeout: 5m}"), "want_duration", 8},
		{"round", "flow: x\nstates:\n  a:\n    - say: a\n    - goto: b\n  b:\n    - goto: a", "endless", 4},
		{"options", small("    - choose: 选\n      options: [一]"), "options", 9},
		{"kind", "flow: x\nslots:\n  a: {kind: colour, ask: b}\nstates: {a: [{ask: a}]}", "unknown_kind", 3},
		{"pattern", "flow: x\nslots:\n  a: {pattern: '(', ask: b}\nstates: {a: [{ask: a}]}", "pattern", 3},
		{"reserved", "flow: x\nslots:\n  contact: {ask: b}\nstates: {a: [{ask: contact}]}", "reserved", 3},
		{"deep", "flow: x\nstates:\n  a:\n" + nest(8), "too_deep", 18},
		{"test without user", small("tests:\n  - talk:\n      - bot: a"), "test_begin", 10},
		{"test without answer", small("tests:\n  - talk:\n      - user: a\n      - call: GET"), "test_call", 11},
		{"large", "flow: x\nabout: " + strings.Repeat("a", dialogue.MaxSource), "too_large", 1},
		{"long text", small("    - say: " + strings.Repeat("长", dialogue.MaxText+1)), "too_long", 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, problems := dialogue.Parse([]byte(c.source))
			require.Nil(t, f)
			for _, p := range problems {
				require.GreaterOrEqual(t, p.Line, 1)
				for _, locale := range []string{"zh", "en"} {
					require.NotContains(t, p.Message(locale), "%!", p.Key)
				}
				if p.Key == c.key {
					require.Equal(t, c.line, p.Line, "%+v", p)
					return
				}
			}
			t.Fatalf("no %s in %+v", c.key, problems)
		})
	}
}

// nest is n conditions in each other.
func nest(n int) string {
	var b strings.Builder
	for i := range n {
		pad := strings.Repeat("    ", i)
		fmt.Fprintf(&b, "%s    - if: true\n%s      then:\n", pad, pad)
	}
	return b.String() + strings.Repeat("    ", n) + "    - end:\n"
}

func TestWarningsDoNotStopAFlow(t *testing.T) {
	t.Parallel()
	f, problems := dialogue.Parse([]byte("flow: x\nslots:\n  spare: {ask: a}\nstates:\n  a:\n    - end: b\n    - say: c\n  lost:\n    - end:"))
	require.NotNil(t, f)
	var keys []string
	for _, p := range problems {
		require.True(t, p.Warning)
		keys = append(keys, p.Key)
	}
	require.ElementsMatch(t, []string{"unused_slot", "after_jump", "unreachable", "no_tests"}, keys)
}

// JSON is YAML, so that a flow may be written by programs.
func TestJSONIsAccepted(t *testing.T) {
	t.Parallel()
	f, problems := dialogue.Parse([]byte(`{"flow":"x","title":"T","states":{"a":[{"say":"b"},{"end":null}]}}`))
	require.False(t, dialogue.Broken(problems), problems)
	require.Equal(t, "T", f.Title)
}

func TestActionsOfOperators(t *testing.T) {
	t.Parallel()
	f, problems := dialogue.Actions([]byte(`[
		{"type":"api_call","method":"POST","url":"https://shop.example/orders","headers":{"X-Key":"{{secret.shop}}"},"body":{"name":"{{contact.name}}"},"save":{"order":"$.data"},"failed":[{"type":"handoff","reason":"shop"}]},
		{"type":"message","text":"{{contact.name|亲}}，{{order.title}}","buttons":["好"]},
		{"type":"flow","flow":"order_status"},
		{"type":"handoff","reason":"complaint"}]`), "order_intent")
	require.False(t, dialogue.Broken(problems), problems)
	require.Equal(t, []string{"order_status"}, f.Calls())
	require.Equal(t, []string{"shop"}, f.Secrets())
	for source, key := range map[string]string{
		`{}`: "bad_json", `[]`: "no_steps", `[{"type":"dance"}]`: "unknown_type", `[{"type":"message"}]`: "missing",
		`[{"type":"api_call"}]`: "missing", `- type: message`: "bad_json", `[{"type":"goto","state":"x"}]`: "unknown_state",
	} {
		f, problems := dialogue.Actions([]byte(source), "x")
		require.Nil(t, f, source)
		require.Equal(t, key, problems[0].Key, source)
	}
}

func TestGraphShowsEveryWay(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("../../app/demo/zh/flows/order_status.yaml")
	require.NoError(t, err)
	f, _ := dialogue.Parse(source)
	g := f.Graph()
	require.Equal(t, "问订单号并查询", g.Nodes[0].Title)
	nodes := map[string]bool{}
	for _, n := range g.Nodes {
		nodes[n.ID] = true
	}
	ways := map[string]string{}
	for _, e := range g.Edges {
		require.True(t, nodes[e.From] && nodes[e.To], e)
		ways[e.From+">"+e.To] = e.Why
	}
	require.Equal(t, map[string]string{
		"begin>show": "ok", "begin>not_found": "status", "begin>:person": "failed", "show>:end": "then", "show>more": "goto",
		"more>:person": "option", "more>begin": "option", "more>:end": "option", "not_found>begin": "goto",
	}, ways)
}

func FuzzParse(f *testing.F) {
	source, err := os.ReadFile("../../app/demo/zh/flows/order_status.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(source)
	for _, s := range []string{"", "flow: x", small("    - if: a\n      then: begin"), `[{"type":"message","text":"a"}]`, "a: &a [*a]", "? {}\n: b", "flow: !!binary x", small("    - choose: a\n      options: [{label: a, then: [{end: }]}, b]")} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		flow, problems := dialogue.Parse(source)
		if flow == nil && !dialogue.Broken(problems) {
			t.Fatal("neither a flow nor a problem")
		}
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || strings.Contains(p.Message("zh"), "%!") {
				t.Fatalf("%+v: %s", p, p.Message("zh"))
			}
		}
		if flow != nil {
			flow.Graph()
			for _, test := range flow.Tests {
				dialogue.Rehearse(nil, flow, test)
			}
		}
		dialogue.Actions(source, "x")
	})
}
