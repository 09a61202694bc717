package workspace

import (
	"context"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/auth"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// Inbox is an inbox as the doors need it.
type Inbox struct {
	desk.Inbox
	// HostKeys verify what the host site says about its users, newest first.
	HostKeys []auth.HostKey
	// Options are the channel's settings, secrets among them.
	Options map[string]string
}

// inboxSecrets is what is sealed of an inbox.
type inboxSecrets struct {
	HostKeys []hostKey         `json:"host_keys,omitempty"`
	Options  map[string]string `json:"options,omitempty"`
}

type hostKey struct {
	ID        string    `json:"id"`
	Secret    []byte    `json:"secret"`
	CreatedAt time.Time `json:"created_at"`
}

func inboxPlace(id desk.InboxID) seal.Place {
	return seal.Place{Owner: string(id), Table: "inbox", Row: string(id), Column: "secrets"}
}

// NewInbox is an inbox to add.
type NewInbox struct {
	// Once, if set, is an idempotency key: a repeat answers with the first inbox.
	Once    string
	Channel string
	Name    string
	// Key "" draws one.
	Key      string
	Settings desk.InboxSettings
	Options  map[string]string
}

var (
	inboxKey = regexp.MustCompile(`^chk_[a-z0-9_]{4,60}$`)
	// originHost is a name, an IPv4 or an IPv6 address, with a port if there is one.
	originHost = regexp.MustCompile(`(?i)^([a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:.]+\])(:[0-9]{1,5})?$`)
	colour     = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)
)

// CreateInbox adds an inbox, switched on. Conflict if the key is taken.
func (s *Service) CreateInbox(ctx context.Context, account desk.AccountID, n NewInbox) (desk.Inbox, error) {
	const op = "create inbox"
	if n.Key == "" {
		n.Key = s.deps.IDs.Other("chk")
	}
	if !inboxKey.MatchString(n.Key) {
		return desk.Inbox{}, desk.InvalidField(op, "key", "a key is chk_ and 4 to 60 lower-case letters, digits and underscores")
	}
	if err := checkName(op, "channel", n.Channel); err != nil {
		return desk.Inbox{}, err
	}
	if err := checkInbox(op, n.Name, n.Settings); err != nil {
		return desk.Inbox{}, err
	}
	in := desk.Inbox{
		ID: s.deps.IDs.Inbox(), AccountID: account, Channel: n.Channel, Name: n.Name, Key: n.Key,
		Settings: n.Settings, Enabled: true, Version: 1, CreatedAt: s.deps.Clock.Now(),
	}
	secrets, err := s.seal(ctx, account, inboxPlace(in.ID), inboxSecrets{Options: n.Options})
	if err != nil {
		return desk.Inbox{}, err
	}
	out := in
	return out, s.staffed(ctx, account, "inboxes", func(ctx context.Context, tx *store.Tx, pen audit.Pen) error {
		return once(ctx, tx, pen, "create inbox", n.Once, string(in.ID), func() error {
			out = in
			if err := tx.PutInbox(ctx, store.Inbox{Inbox: in, Secrets: secrets}); err != nil {
				return err
			}
			return pen.Write(ctx, tx, inboxAct("inbox.created", in, map[string]any{"name": in.Name, "channel": in.Channel, "key": in.Key}))
		}, func(first string) error {
			row, err := tx.Inbox(ctx, account, desk.InboxID(first))
			out = row.Inbox
			return err
		})
	})
}

func inboxAct(action string, in desk.Inbox, details map[string]any) audit.Act {
	return audit.Act{Action: action, Target: audit.Target{Kind: "inbox", ID: string(in.ID), Name: in.Name}, Details: details}
}

// InboxChange is what an inbox becomes.
type InboxChange struct {
	Name     string
	Settings desk.InboxSettings
	Enabled  bool
	// Version, if not zero, must be the inbox's; otherwise it is a Conflict.
	Version int64
}

// ChangeInbox changes name, settings and whether it is switched on. Channel
// and key stay: pages in the wild carry them.
func (s *Service) ChangeInbox(ctx context.Context, account desk.AccountID, id desk.InboxID, c InboxChange) (desk.Inbox, error) {
	const op = "change inbox"
	if err := checkInbox(op, c.Name, c.Settings); err != nil {
		return desk.Inbox{}, err
	}
	var out desk.Inbox
	err := s.staffed(ctx, account, "inboxes", func(ctx context.Context, tx *store.Tx, pen audit.Pen) error {
		in, err := tx.Inbox(ctx, account, id)
		if err != nil {
			return err
		}
		before := inboxDetails(in.Inbox)
		in.Name, in.Settings, in.Enabled = c.Name, c.Settings, c.Enabled
		changes := audit.Changes(before, inboxDetails(in.Inbox))
		if out = in.Inbox; len(changes) == 0 {
			return nil // a repeat, or nothing to do
		}
		if c.Version != 0 && c.Version != in.Version {
			return desk.E(desk.Conflict, op, "somebody changed this inbox meanwhile; look again")
		}
		in.Version++
		out = in.Inbox
		if err := tx.PutInbox(ctx, in); err != nil {
			return err
		}
		return pen.Write(ctx, tx, inboxAct("inbox.changed", in.Inbox, changes))
	})
	return out, err
}

// inboxDetails is what the audit tells of an inbox. The settings are public
// but for the sites it may be used on, and hold no secret.
func inboxDetails(in desk.Inbox) map[string]any {
	settings, err := json.Marshal(in.Settings)
	if err != nil {
		settings = nil // a defect; the change is recorded without them
	}
	out := make(map[string]any)
	if err := json.Unmarshal(settings, &out); err != nil {
		out = make(map[string]any)
	}
	out["name"], out["enabled"] = in.Name, in.Enabled
	return out
}

func checkInbox(op, name string, settings desk.InboxSettings) error {
	if err := checkName(op, "name", name); err != nil {
		return err
	}
	if len(settings.AllowedOrigins) > 100 {
		return desk.InvalidField(op, "allowed_origins", "an inbox has at most 100 origins")
	}
	for _, o := range settings.AllowedOrigins {
		u, err := url.Parse(o)
		if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || !originHost.MatchString(u.Host) || u.Scheme+"://"+u.Host != strings.ToLower(o) {
			return desk.InvalidField(op, "allowed_origins", "an origin is https:// and a host, nothing else")
		}
	}
	if !utf8.ValidString(settings.Greeting) || utf8.RuneCountInString(settings.Greeting) > 1000 {
		return desk.InvalidField(op, "greeting", "a greeting has at most 1,000 characters")
	}
	if settings.Primary != "" && !colour.MatchString(settings.Primary) {
		return desk.InvalidField(op, "primary", "a colour is # and six hexadecimal digits")
	}
	return settings.Widget.Validate()
}

// Inboxes lists the account's inboxes by id, without secrets.
func (s *Service) Inboxes(ctx context.Context, account desk.AccountID) ([]desk.Inbox, error) {
	rows, err := s.deps.Store.Inboxes(ctx, account)
	if err != nil {
		return nil, err
	}
	out := make([]desk.Inbox, len(rows))
	for i, row := range rows {
		out[i] = row.Inbox
	}
	return out, nil
}

// Inbox finds an inbox of the account with its secrets, not cached.
func (s *Service) Inbox(ctx context.Context, account desk.AccountID, id desk.InboxID) (Inbox, error) {
	row, err := s.deps.Store.Inbox(ctx, account, id)
	if err != nil {
		return Inbox{}, err
	}
	return s.openInbox(ctx, row)
}

// InboxByKey finds an inbox of any account by its public key, from the cache.
// NotFound if there is none; a switched off one is found.
func (s *Service) InboxByKey(ctx context.Context, key string) (Inbox, error) {
	if !inboxKey.MatchString(key) {
		return Inbox{}, desk.E(desk.NotFound, "find inbox", "there is no such inbox")
	}
	return s.inboxes.get(key, func() (Inbox, error) {
		row, err := s.deps.Store.InboxByKey(ctx, key)
		if err != nil {
			return Inbox{}, err
		}
		return s.openInbox(ctx, row)
	})
}

// InboxLookup returns a look-up of the account's inboxes that does not block.
func (s *Service) InboxLookup(ctx context.Context, account desk.AccountID) (func(desk.InboxID) (desk.Inbox, bool), error) {
	d, err := s.directory(ctx, account)
	if err != nil {
		return nil, err
	}
	return func(id desk.InboxID) (desk.Inbox, bool) {
		in, ok := d.inboxes[id]
		return in, ok
	}, nil
}

func (s *Service) openInbox(ctx context.Context, row store.Inbox) (Inbox, error) {
	var secrets inboxSecrets
	if err := s.open(ctx, row.AccountID, inboxPlace(row.ID), row.Secrets, &secrets); err != nil {
		return Inbox{}, err
	}
	in := Inbox{Inbox: row.Inbox, Options: secrets.Options}
	for _, k := range secrets.HostKeys {
		in.HostKeys = append(in.HostKeys, auth.HostKey{ID: k.ID, Secret: k.Secret})
	}
	return in, nil
}

// HostKey is a key for a host site to sign its users' identities with. Secret
// is shown once; the site signs with its characters as they are.
type HostKey struct {
	ID        string
	Secret    string
	CreatedAt time.Time
}

// AddHostKey gives the inbox another host key; tokens signed with the earlier
// ones stay good until RemoveHostKey. Conflict when there are auth.MaxHostKeys,
// and for a repeat of the idempotency key, if there is one: the secret is not shown again.
func (s *Service) AddHostKey(ctx context.Context, account desk.AccountID, inbox desk.InboxID, key string) (HostKey, error) {
	const op = "add host key"
	secret, _, err := s.deps.Secrets.NewSecret("")
	if err != nil {
		return HostKey{}, err
	}
	k := HostKey{ID: s.deps.IDs.Other("kid"), Secret: secret, CreatedAt: s.deps.Clock.Now()}
	err = s.changeSecrets(ctx, account, inbox, "inbox.host_key_added", k.ID, key, func(in *inboxSecrets) error {
		if len(in.HostKeys) >= auth.MaxHostKeys {
			return desk.E(desk.Conflict, op, "the inbox has all the host keys it may have; remove one first")
		}
		in.HostKeys = slices.Insert(in.HostKeys, 0, hostKey{k.ID, []byte(k.Secret), k.CreatedAt})
		return nil
	})
	return k, err
}

// HostKeys lists the inbox's host keys without their secrets, newest first.
func (s *Service) HostKeys(ctx context.Context, account desk.AccountID, inbox desk.InboxID) ([]HostKey, error) {
	row, err := s.deps.Store.Inbox(ctx, account, inbox)
	if err != nil {
		return nil, err
	}
	var secrets inboxSecrets
	if err := s.open(ctx, account, inboxPlace(inbox), row.Secrets, &secrets); err != nil {
		return nil, err
	}
	out := make([]HostKey, len(secrets.HostKeys))
	for i, k := range secrets.HostKeys {
		out[i] = HostKey{ID: k.ID, CreatedAt: k.CreatedAt}
	}
	return out, nil
}

// FirstMessage is when the inbox's first conversation began; zero if nobody has written.
func (s *Service) FirstMessage(ctx context.Context, account desk.AccountID, inbox desk.InboxID) (time.Time, error) {
	return s.deps.Store.FirstConversation(ctx, account, inbox)
}

// RemoveHostKey makes tokens signed with the key worthless.
func (s *Service) RemoveHostKey(ctx context.Context, account desk.AccountID, inbox desk.InboxID, id string) error {
	return s.changeSecrets(ctx, account, inbox, "inbox.host_key_removed", id, "", func(in *inboxSecrets) error {
		left := slices.DeleteFunc(in.HostKeys, func(k hostKey) bool { return k.ID == id })
		if len(left) == len(in.HostKeys) {
			return desk.E(desk.NotFound, "remove host key", "there is no such key")
		}
		in.HostKeys = left
		return nil
	})
}

// changeSecrets opens, changes and seals an inbox's secrets, and records it
// with the id of the key it is about. If somebody else changed them meanwhile
// it is a Conflict, and nothing is lost.
func (s *Service) changeSecrets(ctx context.Context, account desk.AccountID, inbox desk.InboxID, action, id, key string, change func(*inboxSecrets) error) error {
	row, err := s.deps.Store.Inbox(ctx, account, inbox)
	if err != nil {
		return err
	}
	var secrets inboxSecrets
	if err := s.open(ctx, account, inboxPlace(inbox), row.Secrets, &secrets); err != nil {
		return err
	}
	if err := change(&secrets); err != nil {
		return err
	}
	sealed, err := s.seal(ctx, account, inboxPlace(inbox), secrets)
	if err != nil {
		return err
	}
	return s.recorded(ctx, account, func(ctx context.Context, tx *store.Tx, pen audit.Pen) error {
		return once(ctx, tx, pen, action+":"+string(inbox), key, id, func() error {
			now, err := tx.Inbox(ctx, account, inbox)
			if err != nil {
				return err
			}
			if !slices.Equal(now.Secrets, row.Secrets) {
				return desk.E(desk.Conflict, "change inbox", "somebody changed this inbox meanwhile; try again")
			}
			now.Secrets = sealed
			if err := tx.PutInbox(ctx, now); err != nil {
				return err
			}
			return pen.Write(ctx, tx, inboxAct(action, now.Inbox, map[string]any{"key_id": id}))
		}, func(string) error {
			return desk.E(desk.Conflict, "change inbox", "this key has been made already and was shown then; remove it and make another if it is lost")
		})
	})
}
