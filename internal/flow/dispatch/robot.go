package dispatch

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/robot"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// robots speak in groups; platform/robot implements it.
type robots interface {
	Say(ctx context.Context, r robot.Robot, text string) error
}

// Robot is a group robot that is told of alerts.
type Robot struct {
	ID      string
	Account desk.AccountID
	Name    string
	Kind    robot.Kind
	// URL and Secret are write-only: what is read has neither. An empty one
	// keeps what is stored; NoSecret takes the secret away.
	URL, Secret string
	NoSecret    bool
	// Signed says that a secret is stored, Host whose address it is.
	Signed bool
	Host   string
	// Rules are those it is told of; none are all.
	Rules   []desk.AlertRule
	Enabled bool
	// Error is why the last message failed, SentAt when one last arrived.
	Error  string
	SentAt time.Time
}

type robotSettings struct {
	Name    string           `json:"name"`
	Kind    robot.Kind       `json:"kind"`
	Host    string           `json:"host"`
	Signed  bool             `json:"signed,omitempty"`
	Rules   []desk.AlertRule `json:"rules,omitempty"`
	Enabled bool             `json:"enabled"`
}

type robotSecret struct {
	URL    string `json:"url"`
	Secret string `json:"secret,omitempty"`
}

func robotPlace(id string) seal.Place {
	return seal.Place{Owner: id, Table: "robot", Row: id, Column: "secret"}
}

func robotOf(row store.Robot) Robot {
	v := decode[robotSettings](row.Settings)
	return Robot{
		ID: row.ID, Account: row.AccountID, Name: v.Name, Kind: v.Kind, Signed: v.Signed, Host: v.Host, Rules: v.Rules, Enabled: v.Enabled,
		Error: row.Error, SentAt: row.SentAt,
	}
}

// Robots lists the account's robots by age.
func (s *Service) Robots(ctx context.Context, account desk.AccountID) ([]Robot, error) {
	rows, err := s.deps.Store.Robots(ctx, account)
	out := make([]Robot, len(rows))
	for i, row := range rows {
		out[i] = robotOf(row)
	}
	return out, err
}

// What bounds robots.
const (
	maxRobots    = 20
	maxRobotName = 40
)

func (r Robot) check() error {
	const op = "save robot"
	if name := strings.TrimSpace(r.Name); name == "" || !utf8.ValidString(name) || utf8.RuneCountInString(name) > maxRobotName {
		return desk.InvalidField(op, "name", "a name has 1 to 40 characters")
	}
	for _, rule := range r.Rules {
		switch rule {
		case desk.AlertLongestWait, desk.AlertWaiting, desk.AlertAtRisk, desk.AlertNobody, desk.AlertEscalated:
		default:
			return desk.InvalidField(op, "rules", "there is no such rule")
		}
	}
	return nil
}

// SaveRobot adds a robot, or changes one if it has an id. A repeat of the key
// answers with the robot that was added first.
func (s *Service) SaveRobot(ctx context.Context, key string, r Robot) (Robot, error) {
	const op = "save robot"
	r.Name = strings.TrimSpace(r.Name)
	if err := r.check(); err != nil {
		return Robot{}, err
	}
	keys, err := s.deps.Keys.Account(ctx, r.Account)
	if err != nil {
		return Robot{}, desk.Wrap(desk.KindOf(err), op, err)
	}
	added := r.ID == ""
	if added {
		r.ID = s.deps.IDs.Other("rbt")
	}
	pen, err := s.deps.Audit.Open(ctx, r.Account)
	if err != nil {
		return Robot{}, err
	}
	var out store.Robot
	err = s.deps.Store.Write(ctx, r.Account, func(ctx context.Context, tx *store.Tx) error {
		row, secret := store.Robot{ID: r.ID, AccountID: r.Account, CreatedAt: tx.Now()}, robotSecret{}
		action := "robot.changed"
		if added {
			action = "robot.added"
			first, repeated, err := onceRobot(ctx, tx, pen, key, r)
			if err != nil || repeated {
				out = first
				return err
			}
		} else {
			var err error
			if row, err = tx.Robot(ctx, r.Account, r.ID); err != nil {
				return err
			}
			if secret, err = openRobot(keys, row); err != nil {
				return err
			}
		}
		if r.URL != "" {
			secret.URL, row.Error = strings.TrimSpace(r.URL), ""
		}
		if r.Secret != "" {
			secret.Secret, row.Error = strings.TrimSpace(r.Secret), ""
		}
		if r.NoSecret {
			secret.Secret = ""
		}
		to := robot.Robot{Kind: r.Kind, URL: secret.URL, Secret: secret.Secret}
		if err := to.Check(); err != nil {
			return err
		}
		if err := sealRobot(keys, &row, r, to); err != nil {
			return err
		}
		if err := tx.PutRobot(ctx, row); err != nil {
			return err
		}
		out = row
		return pen.Write(ctx, tx, audit.Act{
			Action: action, Target: audit.Target{Kind: "robot", ID: row.ID, Name: r.Name},
			Details: map[string]any{"kind": string(r.Kind), "enabled": r.Enabled, "new_address": r.URL != ""},
		})
	})
	return robotOf(out), err
}

// onceRobot finds the robot that a repeated key has added; it bounds how many there are.
func onceRobot(ctx context.Context, tx *store.Tx, pen audit.Pen, key string, r Robot) (store.Robot, bool, error) {
	if key != "" {
		first, repeated, err := tx.Once(ctx, r.Account, "robot:"+string(pen.Actor()), key, r.ID)
		if err != nil {
			return store.Robot{}, false, err
		}
		if repeated {
			row, err := tx.Robot(ctx, r.Account, first)
			return row, true, err
		}
	}
	all, err := tx.Robots(ctx, r.Account)
	if err == nil && len(all) >= maxRobots {
		err = desk.E(desk.Conflict, "save robot", "there are at most 20 robots")
	}
	return store.Robot{}, false, err
}

func sealRobot(keys *seal.AccountKeys, row *store.Robot, r Robot, to robot.Robot) error {
	plain, err := json.Marshal(robotSecret{to.URL, to.Secret}) //nolint:gosec // sealed two lines below
	if err != nil {
		return desk.Wrap(desk.Internal, "save robot", err)
	}
	settings, err := json.Marshal(robotSettings{
		Name: r.Name, Kind: r.Kind, Host: to.Host(), Signed: to.Secret != "", Rules: r.Rules, Enabled: r.Enabled,
	})
	if err != nil {
		return desk.Wrap(desk.Internal, "save robot", err)
	}
	row.Settings, row.Secret = string(settings), keys.Seal(robotPlace(row.ID), plain)
	return nil
}

func openRobot(keys *seal.AccountKeys, row store.Robot) (v robotSecret, err error) {
	plain, err := keys.Open(robotPlace(row.ID), row.Secret)
	if err != nil {
		return v, err
	}
	return v, desk.Wrap(desk.Internal, "open robot", json.Unmarshal(plain, &v))
}

// DeleteRobot removes a robot.
func (s *Service) DeleteRobot(ctx context.Context, account desk.AccountID, id string) error {
	pen, err := s.deps.Audit.Open(ctx, account)
	if err != nil {
		return err
	}
	return s.deps.Store.Write(ctx, account, func(ctx context.Context, tx *store.Tx) error {
		row, err := tx.Robot(ctx, account, id)
		if err != nil {
			return err
		}
		if err := tx.DeleteRobot(ctx, account, id); err != nil {
			return err
		}
		return pen.Write(ctx, tx, audit.Act{Action: "robot.deleted", Target: audit.Target{Kind: "robot", ID: id, Name: robotOf(row).Name}})
	})
}

// TestRobot says a test message at once and answers whether it arrived.
func (s *Service) TestRobot(ctx context.Context, account desk.AccountID, id string) (Robot, error) {
	company, err := s.deps.Store.Account(ctx, account)
	if err != nil {
		return Robot{}, err
	}
	row, err := s.deps.Store.Robot(ctx, account, id)
	if err != nil {
		return Robot{}, err
	}
	pen, err := s.deps.Audit.Open(ctx, account)
	if err != nil {
		return Robot{}, err
	}
	said := s.say(ctx, row, alertText(company.Locale, "", 0))
	err = s.deps.Store.Write(ctx, account, func(ctx context.Context, tx *store.Tx) error {
		if err := noteSaid(ctx, tx, &row, said); err != nil {
			return err
		}
		return pen.Write(ctx, tx, audit.Act{
			Action: "robot.tested", Target: audit.Target{Kind: "robot", ID: id, Name: robotOf(row).Name}, Details: map[string]any{"arrived": said == nil},
		})
	})
	return robotOf(row), err
}

func (s *Service) say(ctx context.Context, row store.Robot, text string) error {
	if s.deps.Robots == nil {
		return desk.E(desk.Unsupported, "speak to robot", "robots are not set up")
	}
	keys, err := s.deps.Keys.Account(ctx, row.AccountID)
	if err != nil {
		return err
	}
	secret, err := openRobot(keys, row)
	if err != nil {
		return err
	}
	return s.deps.Robots.Say(ctx, robot.Robot{Kind: robotOf(row).Kind, URL: secret.URL, Secret: secret.Secret}, text)
}

// noteSaid keeps what became of a message with the robot as it is now.
func noteSaid(ctx context.Context, tx *store.Tx, row *store.Robot, said error) error {
	now, err := tx.Robot(ctx, row.AccountID, row.ID)
	if err != nil {
		return err
	}
	now.Error = ""
	if said == nil {
		now.SentAt = tx.Now()
	} else if now.Error = desk.UserMessage(said); now.Error == "" {
		now.Error = desk.KindOf(said).String()
	}
	*row = now
	return tx.PutRobot(ctx, now)
}

// RobotTimer is the kind of the timers that make a robot speak.
const RobotTimer = "robot"

// robotOrder is what a robot is to say.
type robotOrder struct {
	Robot string `json:"robot"`
	Text  string `json:"text"`
	Tried int    `json:"tried,omitempty"`
}

// robotRetries is how long to wait after each failure; then it is given up,
// because old alarms help nobody.
var robotRetries = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute}

// orderRobots makes every robot that is told of a rule speak. about keeps two
// orders apart; the same again replaces what was not said yet.
func orderRobots(ctx context.Context, tx *store.Tx, account desk.AccountID, rule desk.AlertRule, text, about string) error {
	all, err := tx.Robots(ctx, account)
	if err != nil {
		return err
	}
	for _, row := range all {
		r := robotOf(row)
		if !r.Enabled || len(r.Rules) > 0 && !slices.Contains(r.Rules, rule) {
			continue
		}
		data, err := json.Marshal(robotOrder{Robot: r.ID, Text: text})
		if err != nil {
			return desk.Wrap(desk.Internal, "order robot", err)
		}
		if err := tx.PutTimer(ctx, store.Timer{
			TimerRef: store.TimerRef{AccountID: account, Kind: RobotTimer, Subject: r.ID + ":" + about}, Due: tx.Now(), Data: string(data),
		}); err != nil {
			return err
		}
	}
	return nil
}

// FireRobot says what was ordered. What fails for a while is tried again a few
// times; what is refused is not.
func (s *Service) FireRobot(ctx context.Context, t store.Timer) error {
	order := decode[robotOrder](t.Data)
	row, err := s.deps.Store.Robot(ctx, t.AccountID, order.Robot)
	if desk.KindOf(err) == desk.NotFound {
		return nil // deleted meanwhile
	}
	if err != nil {
		return err
	}
	if !robotOf(row).Enabled {
		return nil
	}
	said := s.say(ctx, row, order.Text)
	return s.deps.Store.Write(ctx, t.AccountID, func(ctx context.Context, tx *store.Tx) error {
		if err := noteSaid(ctx, tx, &row, said); err != nil {
			return ignoreGone(err)
		}
		if said == nil || !desk.KindOf(said).Retryable() || order.Tried >= len(robotRetries) {
			return nil
		}
		t.Due = tx.Now().Add(robotRetries[order.Tried])
		order.Tried++
		data, err := json.Marshal(order)
		if err != nil {
			return desk.Wrap(desk.Internal, "order robot", err)
		}
		t.Data = string(data)
		return tx.PutTimer(ctx, t)
	})
}
