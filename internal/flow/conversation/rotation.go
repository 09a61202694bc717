package conversation

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// rotationJob is the kind of the jobs that seal an account's values anew.
const rotationJob = "key_rotation"

// RotatorDeps are the rotator's required collaborators.
type RotatorDeps struct {
	Store *store.Store
	Keys  *seal.Keyring
	IDs   *desk.IDs
	Log   *slog.Logger
	// Holder names this process among those that share the database.
	Holder string
	// Audit records who asked for a rotation; may be nil.
	Audit *audit.Book
}

// RotatorConfig tunes a Rotator. Its zero value is the default.
type RotatorConfig struct {
	// Chunk is how many values one transaction seals anew. Default 200.
	Chunk int
	// Look is how often work begun by other nodes is looked for. Default 30 s.
	Look time.Duration
	// Lease is how long a node that vanished holds up an account's rotation.
	// Default 1 min.
	Lease time.Duration
}

// Rotator brings sealed values under a new key, in small pieces beside the
// daily work. It may be killed at any moment and goes on where it was; one node
// at a time works on an account.
type Rotator struct {
	deps     RotatorDeps
	config   RotatorConfig
	walker   *walker
	rotation *seal.Rotation
	// wake holds one signal: look for work now. A full channel loses nothing.
	wake chan struct{}
}

// NewRotator builds a Rotator. A missing collaborator is Invalid.
func NewRotator(d RotatorDeps, c RotatorConfig) (*Rotator, error) {
	if d.Store == nil || d.Keys == nil || d.IDs == nil || d.Log == nil || d.Holder == "" {
		return nil, desk.E(desk.Invalid, "build key rotator", "a required part is missing")
	}
	if c.Look <= 0 {
		c.Look = 30 * time.Second
	}
	if c.Lease <= 0 {
		c.Lease = time.Minute
	}
	w := &walker{store: d.Store, ids: d.IDs}
	return &Rotator{
		deps: d, config: c, walker: w, rotation: seal.NewRotation(d.Keys, w, c.Chunk), wake: make(chan struct{}, 1),
	}, nil
}

// RotationStatus is how far the rotation of an account is.
type RotationStatus struct {
	// State is "" if there never was one.
	State store.JobState
	// Pass counts the walks through the data; the last one found nothing to do.
	Pass        int
	Done, Total int64
	// Unreadable values are left as they are; the old keys are then kept in use.
	Unreadable           int64
	StartedAt, UpdatedAt time.Time
}

// RotateKeys gives the account a new data key and begins to seal everything
// under it in the background. While one rotation is unfinished it is continued.
// A repeat of by's idempotency key begins nothing, also after the end; an empty
// key is none.
func (r *Rotator) RotateKeys(ctx context.Context, account desk.AccountID, by desk.AgentID, key string) (RotationStatus, error) {
	scope := "rotate_keys:" + string(by)
	if key != "" {
		switch _, err := r.deps.Store.FirstAnswer(ctx, account, scope, key); {
		case err == nil:
			return r.RotationStatus(ctx, account)
		case !errors.Is(err, desk.NotFound):
			return RotationStatus{}, err
		}
	}
	p, err := r.rotation.Start(ctx, account)
	if err != nil {
		return RotationStatus{}, err
	}
	// Afterwards, so that a repeat of a call that was cut off does begin; until
	// the end it joins what the call began.
	if err := r.note(ctx, account, scope, key, strconv.FormatUint(uint64(p.Key), 10)); err != nil {
		return RotationStatus{}, err
	}
	select {
	case r.wake <- struct{}{}:
	default:
	}
	return r.RotationStatus(ctx, account)
}

// note keeps the idempotency key and who asked.
func (r *Rotator) note(ctx context.Context, account desk.AccountID, scope, key, dataKey string) error {
	unit := func(ctx context.Context, tx *store.Tx) error {
		if key == "" {
			return nil
		}
		_, _, err := tx.Once(ctx, account, scope, key, dataKey)
		return err
	}
	if r.deps.Audit == nil {
		return r.deps.Store.Write(ctx, account, unit)
	}
	return r.deps.Audit.Do(ctx, account, audit.Act{Action: "keys.rotated", Target: audit.Target{Kind: "data_key", ID: dataKey}}, unit)
}

// RotationStatus tells how far it is.
func (r *Rotator) RotationStatus(ctx context.Context, account desk.AccountID) (RotationStatus, error) {
	job, err := r.deps.Store.Job(ctx, account, rotationJob)
	if errors.Is(err, desk.NotFound) {
		return RotationStatus{}, nil
	}
	if err != nil {
		return RotationStatus{}, err
	}
	p, err := progressOf(job)
	return RotationStatus{
		State: job.State, Pass: p.Pass, Done: job.Done, Total: job.Total, Unreadable: p.Unreadable,
		StartedAt: job.CreatedAt, UpdatedAt: job.UpdatedAt,
	}, err
}

// Run works on rotations until ctx ends, and returns nil then.
func (r *Rotator) Run(ctx context.Context) error {
	look := time.NewTicker(r.config.Look)
	defer look.Stop()
	for {
		if err := r.work(ctx); err != nil && ctx.Err() == nil {
			r.deps.Log.WarnContext(ctx, "key rotation waits", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-r.wake:
		case <-look.C:
		}
	}
}

// work does what there is to do for all accounts.
func (r *Rotator) work(ctx context.Context) error {
	jobs, err := r.deps.Store.RunningJobs(ctx, rotationJob)
	if err != nil {
		return err
	}
	var failed error
	for _, job := range jobs {
		if err := r.account(ctx, job.AccountID); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// account runs one account's rotation to its end, as long as this node holds the lease.
func (r *Rotator) account(ctx context.Context, account desk.AccountID) error {
	lease, ok, err := r.deps.Store.AcquireLease(ctx, rotationJob+":"+string(account), r.deps.Holder, r.config.Lease)
	if err != nil || !ok {
		return err
	}
	release := func() {
		// The lease ends by itself; giving it back only saves others the wait.
		_ = r.deps.Store.ReleaseLease(context.WithoutCancel(ctx), lease)
	}
	defer release()
	for ctx.Err() == nil {
		p, err := r.rotation.Step(ctx, account)
		if err != nil || p.Key == 0 {
			return err
		}
		if p.Finished {
			r.deps.Log.InfoContext(ctx, "key rotation finished", "account_id", account, "passes", p.Pass, "unreadable", p.Unreadable)
			return nil
		}
		if lease, err = r.deps.Store.RenewLease(ctx, lease, r.config.Lease); err != nil {
			return err
		}
	}
	return nil
}

// walker gives a rotation the sealed values of an account: the profiles of
// agents, the secrets of inboxes, contacts with their identities, previews and
// messages. The cursor is "<stage>:<id>", with the shard before the id where
// there are shards.
type walker struct {
	store *store.Store
	ids   *desk.IDs

	// jobs remembers the id of each account's running job, so that progress is
	// saved to the same row; as many as accounts rotate.
	mu   sync.Mutex
	jobs map[desk.AccountID]string
}

var _ seal.Walker = (*walker)(nil)

func progressOf(job store.Job) (seal.Progress, error) {
	var p seal.Progress
	err := json.Unmarshal([]byte(job.Cursor), &p)
	return p, desk.Wrap(desk.Internal, "read rotation progress", err)
}

func (w *walker) Load(ctx context.Context, account desk.AccountID) (seal.Progress, error) {
	job, err := w.store.Job(ctx, account, rotationJob)
	if errors.Is(err, desk.NotFound) {
		return seal.Progress{}, nil
	}
	if err != nil {
		return seal.Progress{}, err
	}
	p, err := progressOf(job)
	w.remember(account, job)
	return p, err
}

func (w *walker) remember(account desk.AccountID, job store.Job) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.jobs == nil {
		w.jobs = make(map[desk.AccountID]string)
	}
	if job.State == store.JobRunning {
		w.jobs[account] = job.ID
	} else {
		delete(w.jobs, account) // the next rotation is a job of its own
	}
}

func (w *walker) jobID(account desk.AccountID) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.jobs == nil {
		w.jobs = make(map[desk.AccountID]string)
	}
	id, ok := w.jobs[account]
	if !ok {
		id = w.ids.Other("job")
		w.jobs[account] = id
	}
	return id
}

func (w *walker) Count(ctx context.Context, account desk.AccountID) (int64, error) {
	// The index has a document for nearly every message, and messages are
	// nearly everything there is.
	return w.store.Index().Count(ctx, account)
}

// stages are the walks in their order. Each returns a page after the given id.
var stages = []func(*walker, context.Context, desk.AccountID, string, int) ([]seal.Item, string, error){
	(*walker).agents, (*walker).inboxes, (*walker).contacts, (*walker).previews, (*walker).messages,
	(*walker).sessions, (*walker).invitations, (*walker).factors, (*walker).acts, (*walker).ratings, (*walker).attachments,
	(*walker).contactNotes, (*walker).pageVisits, (*walker).merges,
	(*walker).cannedReplies, (*walker).drafts, (*walker).scheduled,
	(*walker).mails,
	(*walker).botSessions, (*walker).botDecisions,
	(*walker).intents, (*walker).intentModels,
	(*walker).knowledgeItems, (*walker).knowledgeVersions, (*walker).knowledgeParts,
	(*walker).callbacks, (*walker).robots,
	(*walker).proposals,
	(*walker).scenarios,
}

// Page returns values of one stage; an empty stage leads to the next.
func (w *walker) Page(ctx context.Context, account desk.AccountID, cursor string, limit int) ([]seal.Item, string, error) {
	stage, after := 0, ""
	if cursor != "" {
		number, rest, _ := strings.Cut(cursor, ":")
		n, err := strconv.Atoi(number)
		if err != nil || n < 0 {
			return nil, "", desk.E(desk.Internal, "walk sealed values", "")
		}
		stage, after = n, rest
	}
	for ; stage < len(stages); stage, after = stage+1, "" {
		for {
			items, next, err := stages[stage](w, ctx, account, after, limit)
			if err != nil {
				return nil, "", err
			}
			if len(items) > 0 {
				return items, strconv.Itoa(stage) + ":" + next, nil
			}
			if next == "" || next == after {
				break
			}
			after = next // rows without sealed values, or the end of a shard
		}
	}
	return nil, "", nil
}

// agents returns all agents at once: they are few, and have no pages.
func (w *walker) agents(ctx context.Context, account desk.AccountID, after string, _ int) ([]seal.Item, string, error) {
	agents, err := w.store.Agents(ctx, account)
	var items []seal.Item
	for _, a := range agents {
		if string(a.ID) > after {
			items = append(items, seal.Item{Place: agentPlace(a.ID), Sealed: a.Profile})
			after = string(a.ID)
		}
	}
	return items, after, err
}

func agentPlace(id desk.AgentID) seal.Place {
	return seal.Place{Owner: string(id), Table: "agent", Row: string(id), Column: "profile"}
}

func (w *walker) inboxes(ctx context.Context, account desk.AccountID, after string, _ int) ([]seal.Item, string, error) {
	inboxes, err := w.store.Inboxes(ctx, account)
	var items []seal.Item
	for _, in := range inboxes {
		if string(in.ID) > after && len(in.Secrets) > 0 {
			items = append(items, seal.Item{Place: inboxPlace(in.ID), Sealed: in.Secrets})
			after = string(in.ID)
		}
	}
	return items, after, err
}

func inboxPlace(id desk.InboxID) seal.Place {
	return seal.Place{Owner: string(id), Table: "inbox", Row: string(id), Column: "secrets"}
}

// contacts returns contacts together with what channels call them.
func (w *walker) contacts(ctx context.Context, account desk.AccountID, after string, limit int) ([]seal.Item, string, error) {
	contacts, err := w.store.ContactPage(ctx, account, desk.ContactID(after), limit)
	if err != nil {
		return nil, "", err
	}
	var items []seal.Item
	for _, c := range contacts {
		after = string(c.ID)
		if len(c.Profile) > 0 {
			items = append(items, seal.Item{Place: profilePlace(c.ID), Sealed: c.Profile})
		}
		identities, err := w.store.Identities(ctx, account, c.ID)
		if err != nil {
			return nil, "", err
		}
		for _, i := range identities {
			items = append(items, seal.Item{Place: identityPlace(i), Sealed: i.External})
		}
	}
	return items, after, nil
}

func identityPlace(i store.Identity) seal.Place {
	return seal.Place{Owner: string(i.ContactID), Table: "identity", Row: i.Scope + ":" + i.Hash, Column: "external"}
}

func (w *walker) previews(ctx context.Context, account desk.AccountID, after string, limit int) ([]seal.Item, string, error) {
	shard, id, next := shardCursor(after)
	page, err := w.store.ConversationPage(ctx, account, shard, desk.ConversationID(id), limit)
	if err != nil {
		return nil, "", err
	}
	if len(page) == 0 {
		return nil, next, nil
	}
	var items []seal.Item
	for _, c := range page {
		if len(c.Preview) > 0 {
			items = append(items, seal.Item{Place: previewPlace(c.ID), Sealed: c.Preview})
		}
	}
	return items, shardPlace(shard, string(page[len(page)-1].ID)), nil
}

func (w *walker) messages(ctx context.Context, account desk.AccountID, after string, limit int) ([]seal.Item, string, error) {
	shard, id, next := shardCursor(after)
	page, err := w.store.MessagePage(ctx, account, shard, desk.MessageID(id), limit)
	if err != nil {
		return nil, "", err
	}
	if len(page) == 0 {
		return nil, next, nil
	}
	items := make([]seal.Item, len(page))
	for i, m := range page {
		items[i] = seal.Item{Place: BodyPlace(m.ConversationID, m.ID), Sealed: m.Body}
	}
	return items, shardPlace(shard, string(page[len(page)-1].ID)), nil
}

func (w *walker) ratings(ctx context.Context, account desk.AccountID, after string, limit int) ([]seal.Item, string, error) {
	page, err := w.store.RatingPage(ctx, account, desk.ConversationID(after), limit)
	return sealed(page, err, after, func(r store.Rating) seal.Item {
		return seal.Item{Place: ratingPlace(r.ConversationID), Sealed: r.Comment}
	})
}

func ratingPlace(id desk.ConversationID) seal.Place {
	return seal.Place{Owner: string(id), Table: "rating", Row: string(id), Column: "comment"}
}

func shardPlace(shard desk.Shard, id string) string { return strconv.Itoa(int(shard)) + "/" + id }

// shardCursor reads a shardPlace; next is the start of the shard after, or ""
// behind the last.
func shardCursor(cursor string) (shard desk.Shard, id, next string) {
	number, id, _ := strings.Cut(cursor, "/")
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || n >= desk.Shards {
		n, id = 0, ""
	}
	if n+1 < desk.Shards {
		next = shardPlace(desk.Shard(n+1), "")
	}
	return desk.Shard(n), id, next
}
