package bot

import (
	"context"
	"encoding/json"
	"errors"
	"time"
	"unicode/utf8"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/sentiment"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// session is where the bot is in a conversation. It is bounded: what it
// remembers of the past is what a decision needs.
type session struct {
	readSeq int64
	memory
}

// memory is what is stored of a session, sealed.
type memory struct {
	// Flow is the state of the flow that runs; empty if none does.
	Flow json.RawMessage `json:"flow,omitempty"`
	// Slots are what it has collected, for people to read.
	Slots map[string]string `json:"slots,omitempty"`
	Mood  sentiment.Trend   `json:"mood"`
	// Choices are what was asked back; pressing one, or saying it, answers.
	Choices []choice `json:"choices,omitempty"`
	// Asked says that the bot has just asked back: twice in a row it does not.
	Asked bool `json:"asked,omitempty"`
	// Hit is what the newest answer rests on, DecisionID which decision that was.
	Hit        string `json:"hit,omitempty"`
	DecisionID string `json:"decision_id,omitempty"`
	// Tried are the titles of what was answered, for the summary.
	Tried []string `json:"tried,omitempty"`
	// Said are the customer's newest questions, for the summary.
	Said    []string    `json:"said,omitempty"`
	Locale  desk.Locale `json:"locale,omitempty"`
	Greeted bool        `json:"greeted,omitempty"`
	// Early is what was answered before the window was over, EarlyUS when its
	// newest message was written: what follows at once belongs to it.
	Early   string `json:"early,omitempty"`
	EarlyUS int64  `json:"early_us,omitempty"`
}

type choice struct {
	Label  string `json:"label"`
	Hit    string `json:"hit,omitempty"`
	Intent string `json:"intent,omitempty"`
}

// What a session keeps at most.
const (
	// maxRemembered is how much of what was said and tried is kept.
	maxRemembered = 5
	maxSaidRunes  = 300
)

func sessionPlace(id desk.ConversationID) seal.Place {
	return seal.Place{Owner: string(id), Table: "bot_session", Row: string(id), Column: "state"}
}

// session reads where the bot is. What cannot be opened is a beginning: a
// conversation must not hang on it.
func (s *Service) session(ctx context.Context, keys *seal.AccountKeys, account desk.AccountID, id desk.ConversationID) (session, error) {
	row, err := s.deps.Store.BotSession(ctx, account, id)
	if errors.Is(err, desk.NotFound) {
		return session{}, nil
	}
	if err != nil {
		return session{}, err
	}
	out := session{readSeq: row.ReadSeq}
	plain, err := keys.Open(sessionPlace(id), row.State)
	if err == nil {
		err = json.Unmarshal(plain, &out.memory)
	}
	if err != nil {
		s.deps.Log.ErrorContext(ctx, "a session of the bot cannot be opened", "conversation_id", id, "error", err)
		out.memory = memory{}
	}
	return out, nil
}

// keep is the write that stores the session.
func (v session) keep(keys *seal.AccountKeys, account desk.AccountID, id desk.ConversationID, seq int64, now time.Time) (store.Extra, error) {
	state, err := json.Marshal(v.memory)
	if err != nil {
		return store.Extra{}, desk.Wrap(desk.Internal, "save bot session", err)
	}
	return store.KeepBotSession(store.BotSession{
		AccountID: account, ConversationID: id, ReadSeq: seq, State: keys.Seal(sessionPlace(id), state), UpdatedAt: now,
	}), nil
}

// remember keeps the newest.
func remember(list []string, s string) []string {
	if utf8.RuneCountInString(s) > maxSaidRunes {
		s = string([]rune(s)[:maxSaidRunes]) + "…"
	}
	list = append(list, s)
	return list[max(0, len(list)-maxRemembered):]
}
