package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
)

// specEngine has the methods that the examples of the specification call.
func specEngine(t testing.TB) *engine {
	t.Helper()
	done := func(context.Context, Call, json.RawMessage) (any, error) { return nil, nil }
	return &engine{
		report: func(context.Context, string, error) {},
		methods: map[string]method{
			"subtract": func(_ context.Context, _ Call, p json.RawMessage) (any, error) {
				var list []int
				if json.Unmarshal(p, &list) == nil && len(list) == 2 {
					return list[0] - list[1], nil
				}
				var named struct{ Minuend, Subtrahend int }
				if err := json.Unmarshal(p, &named); err != nil {
					return nil, desk.E(desk.Invalid, "subtract", "two numbers, please")
				}
				return named.Minuend - named.Subtrahend, nil
			},
			"sum": func(_ context.Context, _ Call, p json.RawMessage) (any, error) {
				var list []int
				total := 0
				if err := json.Unmarshal(p, &list); err != nil {
					return nil, err
				}
				for _, n := range list {
					total += n
				}
				return total, nil
			},
			"get_data":     func(context.Context, Call, json.RawMessage) (any, error) { return []any{"hello", 5}, nil },
			"update":       done,
			"notify_hello": done,
			"notify_sum":   done,
			"fail":         func(context.Context, Call, json.RawMessage) (any, error) { return nil, errors.New("secret cause") },
			"denied": func(context.Context, Call, json.RawMessage) (any, error) {
				return nil, desk.E(desk.Denied, "x", "not yours")
			},
			"field": func(context.Context, Call, json.RawMessage) (any, error) {
				return nil, desk.InvalidField("x", "parts[0]", "text is empty")
			},
		},
	}
}

// The examples of section 7 of the JSON-RPC 2.0 specification. Error messages
// are ours; codes, ids, results and silence are the specification's.
func TestSpecificationExamples(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"positional", `{"jsonrpc":"2.0","method":"subtract","params":[42,23],"id":1}`, `{"jsonrpc":"2.0","result":19,"id":1}`},
		{"positional, other order", `{"jsonrpc":"2.0","method":"subtract","params":[23,42],"id":2}`, `{"jsonrpc":"2.0","result":-19,"id":2}`},
		{"named", `{"jsonrpc":"2.0","method":"subtract","params":{"subtrahend":23,"minuend":42},"id":3}`, `{"jsonrpc":"2.0","result":19,"id":3}`},
		{"named, other order", `{"jsonrpc":"2.0","method":"subtract","params":{"minuend":42,"subtrahend":23},"id":4}`, `{"jsonrpc":"2.0","result":19,"id":4}`},
		{"notification", `{"jsonrpc":"2.0","method":"update","params":[1,2,3,4,5]}`, ``},
		{"notification of nothing", `{"jsonrpc":"2.0","method":"foobar"}`, ``},
		{"non-existent method", `{"jsonrpc":"2.0","method":"foobar","id":"1"}`, `{"jsonrpc":"2.0","error":{"code":-32601},"id":"1"}`},
		{"invalid JSON", `{"jsonrpc":"2.0","method":"foobar,"params":"bar","baz]`, `{"jsonrpc":"2.0","error":{"code":-32700},"id":null}`},
		{"invalid request", `{"jsonrpc":"2.0","method":1,"params":"bar"}`, `{"jsonrpc":"2.0","error":{"code":-32600},"id":null}`},
		{"batch, invalid JSON", `[{"jsonrpc":"2.0","method":"sum","params":[1,2,4],"id":"1"},{"jsonrpc":"2.0","method"]`, `{"jsonrpc":"2.0","error":{"code":-32700},"id":null}`},
		{"empty batch", `[]`, `{"jsonrpc":"2.0","error":{"code":-32600},"id":null}`},
		{"invalid batch", `[1]`, `[{"jsonrpc":"2.0","error":{"code":-32600},"id":null}]`},
		{"invalid batch of three", `[1,2,3]`, `[{"jsonrpc":"2.0","error":{"code":-32600},"id":null},{"jsonrpc":"2.0","error":{"code":-32600},"id":null},{"jsonrpc":"2.0","error":{"code":-32600},"id":null}]`},
		{
			"mixed batch",
			`[{"jsonrpc":"2.0","method":"sum","params":[1,2,4],"id":"1"},{"jsonrpc":"2.0","method":"notify_hello","params":[7]},
			  {"jsonrpc":"2.0","method":"subtract","params":[42,23],"id":"2"},{"foo":"boo"},
			  {"jsonrpc":"2.0","method":"foo.get","params":{"name":"myself"},"id":"5"},{"jsonrpc":"2.0","method":"get_data","id":"9"}]`,
			`[{"jsonrpc":"2.0","result":7,"id":"1"},{"jsonrpc":"2.0","result":19,"id":"2"},{"jsonrpc":"2.0","error":{"code":-32600},"id":null},
			  {"jsonrpc":"2.0","error":{"code":-32601},"id":"5"},{"jsonrpc":"2.0","result":["hello",5],"id":"9"}]`,
		},
		{"batch of notifications", `[{"jsonrpc":"2.0","method":"notify_sum","params":[1,2,4]},{"jsonrpc":"2.0","method":"notify_hello","params":[7]}]`, ``},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := specEngine(t).handle(t.Context(), Call{}, []byte(tt.in))
			if tt.want == "" {
				require.Nil(t, got)
				return
			}
			require.JSONEq(t, tt.want, withoutWords(t, got))
		})
	}
}

func TestHostileRequests(t *testing.T) {
	t.Parallel()
	deep := `{"jsonrpc":"2.0","method":"sum","params":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `,"id":1}`
	tests := []struct {
		name, in string
		code     int
	}{
		{"empty", "", codeParse},
		{"not UTF-8", "{\"jsonrpc\":\"2.0\",\"method\":\"\xff\",\"id\":1}", codeParse},
		{"too large", `{"jsonrpc":"2.0","method":"sum","params":["` + strings.Repeat("a", MaxBody) + `"],"id":1}`, codeInvalidRequest},
		{"nested beyond reason", deep, codeParse},
		{"long batch", "[" + strings.Repeat("1,", MaxBatch) + "1]", codeInvalidRequest},
		{"id is an object", `{"jsonrpc":"2.0","method":"sum","params":[1],"id":{}}`, codeInvalidRequest},
		{"id is long", `{"jsonrpc":"2.0","method":"sum","params":[1],"id":"` + strings.Repeat("x", 200) + `"}`, codeInvalidRequest},
		{"version is wrong", `{"jsonrpc":"1.0","method":"sum","params":[1],"id":1}`, codeInvalidRequest},
		{"params are a string", `{"jsonrpc":"2.0","method":"sum","params":"x","id":1}`, codeInvalidRequest},
		{"a string", `"x"`, codeInvalidRequest},
		{"a cause of ours", `{"jsonrpc":"2.0","method":"fail","id":1}`, codeInternal},
		{"denied", `{"jsonrpc":"2.0","method":"denied","id":1}`, codeDenied},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := specEngine(t).handle(t.Context(), Call{}, []byte(tt.in))
			require.NotContains(t, string(got), "secret cause")
			var answer response
			require.NoError(t, json.Unmarshal(got, &answer))
			require.NotNil(t, answer.Error)
			require.Equal(t, tt.code, answer.Error.Code, string(got))
		})
	}
}

func TestErrorNamesTheField(t *testing.T) {
	t.Parallel()
	got := specEngine(t).handle(t.Context(), Call{}, []byte(`{"jsonrpc":"2.0","method":"field","id":1}`))
	require.JSONEq(t, `{"jsonrpc":"2.0","error":{"code":-32602,"message":"text is empty","data":{"kind":"invalid","field":"parts[0]"}},"id":1}`, string(got))
}

// FuzzHandle feeds the parser of foreign bytes: whatever comes in, what goes
// out is nothing or valid JSON-RPC.
func FuzzHandle(f *testing.F) {
	f.Add([]byte(`{"jsonrpc":"2.0","method":"subtract","params":[42,23],"id":1}`))
	f.Add([]byte(`[{"jsonrpc":"2.0","method":"sum","params":[1,2,4],"id":"1"},{"foo":"boo"}]`))
	f.Add([]byte(`{"jsonrpc":"2.0","method":"sum","params":{"\u0000":1e999},"id":null}`))
	e := specEngine(f)
	f.Fuzz(func(t *testing.T, in []byte) {
		out := e.handle(t.Context(), Call{}, in)
		if out != nil && !json.Valid(out) {
			t.Fatalf("invalid JSON out: %q", out)
		}
	})
}

// withoutWords drops our messages and data so that the specification's part stays.
func withoutWords(t *testing.T, raw []byte) string {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal(raw, &v))
	strip := func(v any) {
		if m, ok := v.(map[string]any); ok {
			if e, ok := m["error"].(map[string]any); ok {
				delete(e, "message")
				delete(e, "data")
			}
		}
	}
	strip(v)
	if list, ok := v.([]any); ok {
		for _, item := range list {
			strip(item)
		}
	}
	out, err := json.Marshal(v)
	require.NoError(t, err)
	return string(out)
}
