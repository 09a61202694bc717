package toolbox

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/text"
)

// maxCanned is how many canned replies an account has at most.
const maxCanned = 5_000

// CannedPlace is where a canned reply's title and parts are sealed for.
func CannedPlace(id desk.CannedReplyID) seal.Place {
	return seal.Place{Owner: string(id), Table: "canned_reply", Row: string(id), Column: "content"}
}

// cannedContent is what is sealed of a canned reply.
type cannedContent struct {
	Title string      `json:"title"`
	Parts []desk.Part `json:"parts"`
}

// Canned is a canned reply with the letters that find it.
type Canned struct {
	desk.CannedReply
	// Initials are the pinyin initials of the title.
	Initials string
}

// CannedReplies lists what the agent may use, by shortcut. Of a query each word
// has to occur in shortcut, title, initials or text.
func (s *Service) CannedReplies(ctx context.Context, by By, query string) ([]Canned, error) {
	rows, err := s.deps.Store.CannedReplies(ctx, by.Account)
	if err != nil {
		return nil, err
	}
	teams, err := s.teams(ctx, s.deps.Store.Reads, by)
	if err != nil {
		return nil, err
	}
	keys, err := s.deps.Keys.Account(ctx, by.Account)
	if err != nil {
		return nil, err
	}
	words := strings.Fields(text.Normalize(query))
	out := []Canned{}
	for _, row := range rows {
		if !sees(by, teams, row) {
			continue
		}
		c, err := openCanned(keys, row)
		if err != nil {
			s.deps.Log.ErrorContext(ctx, "a canned reply cannot be opened", "canned_reply_id", row.ID, "error", err)
			continue
		}
		if c.matches(words) {
			out = append(out, c)
		}
	}
	return out, nil
}

func (c Canned) matches(words []string) bool {
	if len(words) == 0 {
		return true
	}
	within := text.Normalize(strings.Join([]string{c.Shortcut, c.Title, c.Initials, desk.Content{Parts: c.Parts}.PlainText()}, "\n"))
	for _, w := range words {
		if !strings.Contains(within, w) {
			return false
		}
	}
	return true
}

func openCanned(keys *seal.AccountKeys, row store.CannedReply) (Canned, error) {
	c := Canned{CannedReply: desk.CannedReply{
		ID: row.ID, AccountID: row.AccountID, Shortcut: row.Shortcut, Scope: row.Scope,
		CreatedAt: row.CreatedAt, UpdatedAt: row.UpdatedAt,
	}}
	switch row.Scope {
	case desk.CannedPersonal:
		c.AgentID = desk.AgentID(row.OwnerID)
	case desk.CannedTeam:
		c.TeamID = desk.TeamID(row.OwnerID)
	case desk.CannedAll: // nobody's
	}
	var content cannedContent
	if err := open(keys, CannedPlace(row.ID), row.Content, &content); err != nil {
		return c, err
	}
	c.Title, c.Parts, c.Initials = content.Title, content.Parts, text.Initials(content.Title)
	return c, nil
}

// teams are those that the agent is in.
func (s *Service) teams(ctx context.Context, r store.Reads, by By) ([]desk.TeamID, error) {
	all, err := r.Teams(ctx, by.Account)
	var own []desk.TeamID
	for _, t := range all {
		if slices.Contains(t.Members, by.Agent) {
			own = append(own, t.ID)
		}
	}
	return own, err
}

// sees tells whether the agent may use a canned reply. Who manages the toolbox
// sees those of all teams, and nobody those of a colleague.
func sees(by By, teams []desk.TeamID, row store.CannedReply) bool {
	switch row.Scope {
	case desk.CannedPersonal:
		return row.OwnerID == string(by.Agent)
	case desk.CannedTeam:
		return by.Manages || slices.Contains(teams, desk.TeamID(row.OwnerID))
	case desk.CannedAll:
	}
	return true
}

// mayChange refuses what does not belong to the agent: personal ones are their
// owner's, all others need somebody who manages the toolbox.
func mayChange(op string, by By, scope desk.CannedScope, owner string) error {
	if scope == desk.CannedPersonal {
		if owner != string(by.Agent) {
			return desk.E(desk.NotFound, op, "there is no such canned reply")
		}
		return nil
	}
	if !by.Manages {
		return desk.E(desk.Denied, op, "canned replies of a team or of all need the permission toolbox.manage")
	}
	return nil
}

// SaveCannedReply adds a canned reply (ID "") or changes one. Conflict if its
// owner has another with the shortcut, and if by.Seen is not what it is now.
func (s *Service) SaveCannedReply(ctx context.Context, by By, c desk.CannedReply) (Canned, error) {
	const op = "save canned reply"
	c.AccountID = by.Account
	owner, err := s.checkCanned(op, by, &c)
	if err != nil {
		return Canned{}, err
	}
	created := c.ID == ""
	if created {
		c.ID = desk.CannedReplyID(by.ID("cnd", s.deps.IDs.Other("cnd")))
	}
	row := store.CannedReply{ID: c.ID, AccountID: by.Account, Scope: c.Scope, OwnerID: owner, Shortcut: c.Shortcut}
	if row.Content, err = s.seal(ctx, by.Account, CannedPlace(c.ID), cannedContent{Title: c.Title, Parts: c.Parts}); err != nil {
		return Canned{}, err
	}
	pen, err := s.deps.Audit.Open(ctx, by.Account)
	if err != nil {
		return Canned{}, err
	}
	err = s.deps.Store.Write(ctx, by.Account, func(ctx context.Context, tx *store.Tx) error {
		return s.writeCanned(ctx, tx, by, pen, &row, c, created)
	})
	if err != nil {
		return Canned{}, taken(err, op, "shortcut", "another canned reply has this shortcut")
	}
	keys, err := s.deps.Keys.Account(ctx, by.Account)
	if err != nil {
		return Canned{}, err
	}
	saved, err := openCanned(keys, row)
	return saved, desk.Wrap(desk.KindOf(err), op, err)
}

func (s *Service) writeCanned(ctx context.Context, tx *store.Tx, by By, pen audit.Pen, row *store.CannedReply, c desk.CannedReply, created bool) error {
	const op = "save canned reply"
	action := "canned_reply.changed"
	if row.Scope == desk.CannedTeam {
		teams, err := tx.Teams(ctx, by.Account)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(teams, func(t desk.Team) bool { return string(t.ID) == row.OwnerID }) {
			return desk.InvalidField(op, "team_id", "there is no such team")
		}
	}
	before, err := tx.CannedReply(ctx, by.Account, row.ID)
	switch {
	case err == nil && created: // a repeat
		*row = before
		return nil
	case err == nil:
		teams, err := s.teams(ctx, tx.Reads, by)
		if err != nil {
			return err
		}
		if !sees(by, teams, before) {
			return desk.E(desk.NotFound, op, "there is no such canned reply")
		}
		if err := mayChange(op, by, before.Scope, before.OwnerID); err != nil {
			return err
		}
		if done, err := s.seenCanned(ctx, by, before, c); err != nil || done {
			*row = before
			return err
		}
		row.CreatedAt, row.UpdatedAt = before.CreatedAt, tx.Now()
		err = tx.UpdateCannedReply(ctx, *row)
		if err != nil {
			return err
		}
	case !created || desk.KindOf(err) != desk.NotFound:
		return err
	default:
		all, err := tx.CannedReplies(ctx, by.Account)
		if err != nil {
			return err
		}
		if len(all) >= maxCanned {
			return desk.E(desk.Limited, op, "there are 5,000 canned replies already; delete one first")
		}
		action, row.CreatedAt, row.UpdatedAt = "canned_reply.created", tx.Now(), tx.Now()
		if err := tx.InsertCannedReply(ctx, *row); err != nil {
			return err
		}
	}
	if err := keepFiles(ctx, tx, by.Account, cannedKeeper(row.ID), c.Parts); err != nil {
		return err
	}
	if err := recordCanned(ctx, tx, pen, action, *row); err != nil {
		return err
	}
	return changed(tx, by, desk.ToolboxCannedReplies)
}

// seenCanned tells whether a canned reply is already what it shall become, and
// refuses to change what the caller has not seen.
func (s *Service) seenCanned(ctx context.Context, by By, before store.CannedReply, c desk.CannedReply) (done bool, err error) {
	keys, err := s.deps.Keys.Account(ctx, by.Account)
	if err != nil {
		return false, err
	}
	now, err := openCanned(keys, before)
	if err != nil {
		return false, err
	}
	if now.Revision() == c.Revision() {
		return true, nil
	}
	return false, by.Seen.Seen("save canned reply", now.Revision())
}

// cannedKeeper is for whom a canned reply's files are kept: they are copied
// each time it is sent.
func cannedKeeper(id desk.CannedReplyID) string { return "canned:" + string(id) }

// recordCanned keeps an act on what belongs to more than one. What somebody
// keeps for themselves is their own affair.
func recordCanned(ctx context.Context, tx *store.Tx, pen audit.Pen, action string, row store.CannedReply) error {
	if row.Scope == desk.CannedPersonal {
		return nil
	}
	return pen.Write(ctx, tx, audit.Act{
		Action: action, Target: audit.Target{Kind: "canned_reply", ID: string(row.ID), Name: "/" + row.Shortcut},
		Details: map[string]any{"scope": string(row.Scope), "team_id": row.OwnerID},
	})
}

// checkCanned brings what was sent into form and returns whose it is.
func (s *Service) checkCanned(op string, by By, c *desk.CannedReply) (owner string, err error) {
	if c.Title, err = line(op, "title", c.Title, 100); err != nil {
		return "", err
	}
	c.Shortcut = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(c.Shortcut), "/"))
	if c.Shortcut == "" || utf8.RuneCountInString(c.Shortcut) > 40 || strings.ContainsFunc(c.Shortcut, func(r rune) bool {
		return r == '/' || unicode.IsSpace(r) || !unicode.IsPrint(r) || r == utf8.RuneError
	}) {
		return "", desk.InvalidField(op, "shortcut", "a shortcut is one word of at most 40 characters, without /")
	}
	content := desk.Content{Parts: c.Parts}
	if err := content.Validate(); err != nil {
		return "", err
	}
	if err := Check(c.Parts); err != nil {
		return "", err
	}
	switch c.Scope {
	case desk.CannedPersonal:
		owner = string(by.Agent)
		if c.TeamID != "" {
			return "", desk.InvalidField(op, "team_id", "a personal canned reply belongs to no team")
		}
	case desk.CannedTeam:
		owner = string(c.TeamID)
		if owner == "" {
			return "", desk.InvalidField(op, "team_id", "choose the team")
		}
	case desk.CannedAll:
		if c.TeamID != "" {
			return "", desk.InvalidField(op, "team_id", "a canned reply for all belongs to no team")
		}
	default:
		return "", desk.InvalidField(op, "scope", "the scope is personal, team or all")
	}
	return owner, mayChange(op, by, c.Scope, owner)
}

// DeleteCannedReply removes one. A repeat of the key changes nothing.
func (s *Service) DeleteCannedReply(ctx context.Context, by By, id desk.CannedReplyID) error {
	const op = "delete canned reply"
	pen, err := s.deps.Audit.Open(ctx, by.Account)
	if err != nil {
		return err
	}
	return s.deps.Store.Write(ctx, by.Account, func(ctx context.Context, tx *store.Tx) error {
		return once(ctx, tx, by, op+":"+string(id), func() error {
			row, err := tx.CannedReply(ctx, by.Account, id)
			if err != nil {
				return err
			}
			teams, err := s.teams(ctx, tx.Reads, by)
			if err != nil {
				return err
			}
			if !sees(by, teams, row) {
				return desk.E(desk.NotFound, op, "there is no such canned reply")
			}
			if err := mayChange(op, by, row.Scope, row.OwnerID); err != nil {
				return err
			}
			if err := tx.ReleaseAttachments(ctx, by.Account, cannedKeeper(id)); err != nil {
				return err
			}
			if err := tx.DeleteCannedReply(ctx, by.Account, id); err != nil {
				return err
			}
			if err := recordCanned(ctx, tx, pen, "canned_reply.deleted", row); err != nil {
				return err
			}
			return changed(tx, by, desk.ToolboxCannedReplies)
		})
	})
}
