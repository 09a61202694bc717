package robot_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/robot"
)

// messenger stands for the three providers, and is as strict as they say they
// are: paths, tokens, signatures of a fresh time, the shape of the message, its
// length, and twenty messages a minute. Refusals come with status 200.
type messenger struct {
	t     *testing.T
	clock func() time.Time

	mu    sync.Mutex
	heard []string
}

const dingSecret, feishuSecret = "SECd1ng", "fei5hu"

func mac(key, message string) string {
	h := hmac.New(sha256.New, []byte(key))
	_, _ = io.WriteString(h, message)
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// ServeHTTP answers as the provider of the path does.
func (m *messenger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	raw, err := io.ReadAll(r.Body)
	if err != nil || r.Method != http.MethodPost || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	var text string
	var code int
	field := "errcode"
	switch r.URL.Path {
	case "/cgi-bin/webhook/send":
		if text, code = plain(raw, 2048); r.URL.Query().Get("key") != "k-wecom" {
			code = 93000
		}
		code = m.often(code, 45009)
	case "/robot/send":
		stamp := r.URL.Query().Get("timestamp")
		text, code = plain(raw, 20000)
		switch ms, err := strconv.ParseInt(stamp, 10, 64); {
		case r.URL.Query().Get("access_token") != "t-ding":
			code = 300001
		case err != nil || m.clock().Sub(time.UnixMilli(ms)).Abs() > time.Hour,
			r.URL.Query().Get("sign") != mac(dingSecret, stamp+"\n"+dingSecret):
			code = 310000
		}
		code = m.often(code, 130101)
	case "/open-apis/bot/v2/hook/h-feishu":
		field = "code"
		var body struct {
			Timestamp string `json:"timestamp"`
			Sign      string `json:"sign"`
			MsgType   string `json:"msg_type"`
			Content   struct {
				Text string `json:"text"`
			} `json:"content"`
		}
		if json.Unmarshal(raw, &body) != nil || body.MsgType != "text" || body.Content.Text == "" || len(raw) > 20<<10 {
			code = 9499
		}
		text = body.Content.Text
		s, err := strconv.ParseInt(body.Timestamp, 10, 64)
		if err != nil || m.clock().Sub(time.Unix(s, 0)).Abs() > time.Hour || body.Sign != mac(body.Timestamp+"\n"+feishuSecret, "") {
			code = 19021
		}
		code = m.often(code, 11232)
	default:
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if code == 0 {
		m.heard = append(m.heard, text)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, `{%q:%d,"errmsg":"see the code","msg":"see the code"}`, field, code)
}

// often refuses the twenty-first message.
func (m *messenger) often(code, limited int) int {
	if code == 0 && len(m.heard) >= 20 {
		return limited
	}
	return code
}

func plain(raw []byte, most int) (text string, code int) {
	var body struct {
		MsgType string `json:"msgtype"`
		Text    struct {
			Content string `json:"content"`
		} `json:"text"`
	}
	if json.Unmarshal(raw, &body) != nil || body.MsgType != "text" || body.Text.Content == "" || len(body.Text.Content) > most {
		return "", 40008
	}
	return body.Text.Content, 0
}

// Over TLS, to servers that check what the providers document.
func TestProvidersTakeIt(t *testing.T) {
	t.Parallel()
	for _, p := range []struct {
		robot.Robot

		wrong []robot.Robot
	}{
		{
			robot.Robot{Kind: robot.WeCom, URL: "/cgi-bin/webhook/send?key=k-wecom"},
			[]robot.Robot{{Kind: robot.WeCom, URL: "/cgi-bin/webhook/send?key=other"}, {Kind: robot.Feishu, URL: "/cgi-bin/webhook/send?key=k-wecom"}},
		},
		{
			robot.Robot{Kind: robot.DingTalk, URL: "/robot/send?access_token=t-ding", Secret: dingSecret},
			[]robot.Robot{
				{Kind: robot.DingTalk, URL: "/robot/send?access_token=t-ding"},
				{Kind: robot.DingTalk, URL: "/robot/send?access_token=t-ding", Secret: "SECother"},
				{Kind: robot.DingTalk, URL: "/robot/send?access_token=other", Secret: dingSecret},
			},
		},
		{
			robot.Robot{Kind: robot.Feishu, URL: "/open-apis/bot/v2/hook/h-feishu", Secret: feishuSecret},
			[]robot.Robot{
				{Kind: robot.Feishu, URL: "/open-apis/bot/v2/hook/h-feishu"},
				{Kind: robot.Feishu, URL: "/open-apis/bot/v2/hook/h-feishu", Secret: "other"},
				{Kind: robot.Feishu, URL: "/open-apis/bot/v2/hook/other", Secret: feishuSecret},
			},
		},
	} {
		t.Run(string(p.Kind), func(t *testing.T) {
			t.Parallel()
			m := &messenger{t: t, clock: time.Now}
			server := httptest.NewTLSServer(m)
			defer server.Close()
			c := robot.New(desk.ClockFunc(time.Now), robot.Config{Transport: server.Client().Transport})
			defer c.Close()
			for _, r := range p.wrong {
				r.URL = server.URL + r.URL
				err := c.Say(t.Context(), r, "排队 12 人")
				require.ErrorIs(t, err, desk.Denied, "%+v", r)
				require.NotContains(t, err.Error()+desk.UserMessage(err), server.URL)
			}
			require.Empty(t, m.heard)
			right := p.Robot
			right.URL = server.URL + right.URL
			long := strings.Repeat("长", 2000)
			require.NoError(t, c.Say(t.Context(), right, long))
			require.True(t, strings.HasPrefix(long, m.heard[0]) && len(m.heard[0]) > 1900, "cut between characters")
			for n := range 19 {
				require.NoError(t, c.Say(t.Context(), right, fmt.Sprint("第 ", n)))
			}
			err := c.Say(t.Context(), right, "又一条")
			require.ErrorIs(t, err, desk.Unavailable, "too often: it may go well later")
			m.heard = nil
			require.NoError(t, c.Say(t.Context(), right, "又一条"))

			late := robot.New(desk.ClockFunc(func() time.Time { return time.Now().Add(-2 * time.Hour) }), robot.Config{Transport: server.Client().Transport})
			if p.Secret != "" {
				require.ErrorIs(t, late.Say(t.Context(), right, "旧的"), desk.Denied, "a signature is of its hour")
			}
			server.Close()
			require.ErrorIs(t, c.Say(t.Context(), right, "还有人吗"), desk.Unavailable)
		})
	}
}

// Whose certificate nobody vouches for is not spoken to.
func TestCertificatesAreChecked(t *testing.T) {
	t.Parallel()
	m := &messenger{t: t, clock: time.Now}
	server := httptest.NewUnstartedServer(m)
	server.Config.ErrorLog = nil
	server.StartTLS()
	defer server.Close()
	c := robot.New(desk.ClockFunc(time.Now), robot.Config{Private: true})
	defer c.Close()
	require.Error(t, c.Say(t.Context(), robot.Robot{Kind: robot.WeCom, URL: server.URL + "/cgi-bin/webhook/send?key=k-wecom"}, "x"))
	require.Empty(t, m.heard)
}
