package rpc_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/flow/workspace"
	"yingda.dev/internal/surface/surfacetest"
)

func protocol(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../../docs/protocol.md")
	require.NoError(t, err)
	return string(text)
}

// The shell commands of the first section run as they stand.
func TestProtocolInOneMinute(t *testing.T) {
	t.Parallel()
	_, section, ok := strings.Cut(protocol(t), "## In one minute")
	require.True(t, ok)
	section, _, ok = strings.Cut(section, "\n## ")
	require.True(t, ok)
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(section, -1)
	require.NotEmpty(t, blocks)
	h := surfacetest.Start(t, surfacetest.Options{})
	_, err := h.Workspace.CreateInbox(t.Context(), h.Near.ID, workspace.NewInbox{Channel: "webchat", Name: "网页", Key: workspace.DemoInboxKey})
	require.NoError(t, err)
	var script strings.Builder
	script.WriteString("set -eu\n")
	for _, b := range blocks {
		// Each command's answer on a line of its own, and no long wait.
		text := strings.ReplaceAll(b[1], "http://127.0.0.1:8080", h.URL)
		script.WriteString(strings.ReplaceAll(text, "\n\n", "\necho\n") + "\necho\n")
	}
	out, err := exec.CommandContext(t.Context(), "sh", "-c", script.String()).CombinedOutput()
	require.NoError(t, err, string(out))
	var answers []surfacetest.Answer
	for line := range strings.SplitSeq(string(out), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			require.True(t, json.Valid([]byte(line)), line)
			answers = append(answers, surfacetest.Answer{Body: []byte(line)})
		}
	}
	require.Len(t, answers, 3, string(out))
	for _, a := range answers {
		require.Nil(t, a.Get("error"), string(a.Body))
	}
	require.Equal(t, "你好，洗衣机什么时候到？", answers[0].Text("result.message.parts.0.text"))
	require.EqualValues(t, 1, answers[1].Number("result.messages.0.seq"))
	require.Equal(t, true, answers[2].Get("result.reset"), "no epoch: begin here")
}

// The shell commands of the methods run as they stand, one after the other.
func TestProtocolOfMethods(t *testing.T) {
	t.Parallel()
	text := protocol(t)
	start, _, ok := strings.Cut(text, "# 2. Say something.")
	require.True(t, ok)
	_, start, ok = strings.Cut(start, "```sh\n")
	require.True(t, ok)
	_, section, ok := strings.Cut(text, "## Transports")
	require.True(t, ok)
	section, _, ok = strings.Cut(section, "\n## The feed")
	require.True(t, ok)
	h := surfacetest.Start(t, surfacetest.Options{})
	_, err := h.Workspace.CreateInbox(t.Context(), h.Near.ID, workspace.NewInbox{Channel: "webchat", Name: "网页", Key: workspace.DemoInboxKey})
	require.NoError(t, err)
	var script strings.Builder
	script.WriteString("set -eu\n" + strings.ReplaceAll(start, "http://127.0.0.1:8080", h.URL) + "\n")
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(section, -1)
	for _, b := range blocks {
		script.WriteString(b[1] + "\necho\n")
	}
	out, err := exec.CommandContext(t.Context(), "sh", "-c", script.String()).CombinedOutput()
	require.NoError(t, err, string(out))
	answers := 0
	for line := range strings.SplitSeq(string(out), "\n") {
		line = strings.TrimPrefix(strings.TrimSpace(line), "data: ")
		if line == "" || line == ":" {
			continue
		}
		require.True(t, json.Valid([]byte(line)), line)
		require.Nil(t, surfacetest.Answer{Body: []byte(line)}.Get("error"), line)
		answers++
	}
	require.GreaterOrEqual(t, answers, 3, string(out))
}

// What the document promises in tables is what the program does.
func TestProtocolTables(t *testing.T) {
	t.Parallel()
	text := protocol(t)
	h := surfacetest.Start(t, surfacetest.Options{})
	g := h.Near.Guest()
	for _, method := range []string{"session.open", "message.send", "message.list", "message.read", "message.recall", "typing", "feed.fetch", "conversation.rate", "track", "consent.set", "queue.get", "queue.choose", "queue.leave", "message.feedback", "bot.suggestions"} {
		require.Contains(t, text, "\n### "+method+"\n")
		require.NotEqualValues(t, noMethod, g.Call(method).Number("error.code"))
	}
	for code, kind := range map[string]string{
		"−32602": "invalid", "−32603": "internal", "−32001": "unauthenticated", "−32003": "denied", "−32004": "not_found",
		"−32009": "conflict", "−32029": "limited", "−32050": "unavailable", "−32051": "unsupported",
	} {
		require.Contains(t, text, "| "+code+" | `"+kind+"` |")
	}
	require.Contains(t, text, "| calls of one visitor, connecting included | 30 | 5 |", "as TestLimitsSpareTheOffice finds it")
	// The keys of the answer to session.open, as shown.
	shown := regexp.MustCompile("(?s)```json\n(\\{\"token\".*?)```").FindStringSubmatch(text)
	require.NotNil(t, shown)
	var want map[string]any
	require.NoError(t, json.Unmarshal([]byte(shown[1]), &want))
	got, ok := g.Opened.Get("result").(map[string]any)
	require.True(t, ok)
	for key, value := range want {
		require.Contains(t, got, key)
		if inner, ok := value.(map[string]any); ok {
			for k := range inner {
				require.Contains(t, got[key], k)
			}
		}
	}
	require.Len(t, got, len(want))
}
