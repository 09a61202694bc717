package sqlite

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2" //nolint:depguard // a test that must be the same each time
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/storetest"
)

// truthful compares what the committer remembers with what is on disk. The
// committer must not be at work, or call it itself.
func (d *Driver) truthful(ctx context.Context) (remembered int, wrong []error) {
	s := store.New(d)
	check := func(got, want any, err error) {
		if err != nil || !reflect.DeepEqual(got, want) {
			wrong = append(wrong, errors.Join(fmt.Errorf("remembered %v, is %v", want, got), err))
		}
	}
	for _, generation := range []map[identityKey]desk.ContactID{d.recall.contacts.young, d.recall.contacts.old} {
		for key, contact := range generation {
			got, err := s.ContactByIdentity(ctx, key.account, key.scope, key.hash)
			check(got, contact, err)
			remembered++
		}
	}
	for _, generation := range []map[liveKey]desk.ConversationID{d.recall.live.young, d.recall.live.old} {
		for key, conversation := range generation {
			got, err := s.LiveConversation(ctx, key.account, key.contact, key.thread)
			check(got, conversation, err)
		}
	}
	for _, generation := range []map[conversationKey]desk.Conversation{d.recall.conversations.young, d.recall.conversations.old} {
		for key, conversation := range generation {
			got, err := s.Conversation(ctx, key.account, key.id)
			check(got, conversation, err)
		}
	}
	return remembered, wrong
}

// TestRecallIsTrue mixes commands with all that can make the memory wrong:
// functions that move identities, with and without an error after it, commands
// that refuse, and transactions that are lost.
func TestRecallIsTrue(t *testing.T) {
	t.Parallel()
	var d *Driver
	env := storetest.Start(t, func(testing.TB, desk.Clock) (store.Driver, func() store.Driver) {
		d = opened(t, storetest.NewClock(), Config{})
		return d, nil
	})
	n := env.Tenant()
	refused := errors.New("refused")
	random := rand.New(rand.NewPCG(1, 2))
	person := func() string { return fmt.Sprint("person", random.IntN(12)) }
	var kept int
	for round := range 60 {
		var answers []chan error
		// Held back until all are queued, so that they meet in one batch.
		hold := make(chan struct{})
		held := make(chan error, 1)
		go func() {
			held <- d.Write(env.Ctx, n.ID, func(context.Context, *store.Tx) error { <-hold; return nil })
		}()
		for range 1 + random.IntN(10) {
			answer, a, b := make(chan error, 1), person(), person()
			answers = append(answers, answer)
			receive := n.Receive(a, fmt.Sprint("key", random.IntN(400)), []byte("body"))
			switch what := random.IntN(10); what {
			case 0, 1, 2: // an identity goes to another person, and maybe not
				go func() {
					answer <- d.Write(env.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error {
						to, err := tx.ContactByIdentity(ctx, n.ID, "user", b)
						if err != nil {
							return err
						}
						err = tx.UpdateIdentity(ctx, store.Identity{
							AccountID: n.ID, Scope: "user", Hash: a, ContactID: to, External: desk.Sealed("moved"), Verified: true,
						})
						if what == 0 {
							err = refused
						}
						return err
					})
				}()
			case 3: // the transaction goes
				go func() {
					answer <- d.Write(env.Ctx, n.ID, func(ctx context.Context, _ *store.Tx) error {
						_, err := d.writer.ExecContext(ctx, "ROLLBACK")
						return errors.Join(refused, err)
					})
				}()
			case 4:
				receive.Decide = func(store.Situation) (store.Effects, error) { return store.Effects{}, refused }
				fallthrough
			default:
				go func() {
					_, err := d.Do(env.Ctx, receive)
					answer <- err
				}()
			}
		}
		close(hold)
		require.NoError(t, <-held)
		for _, answer := range answers {
			if err := <-answer; err != nil && !errors.Is(err, refused) && !errors.Is(err, desk.NotFound) {
				require.NoError(t, err)
			}
		}
		if round%5 == 4 {
			require.NoError(t, d.Write(env.Ctx, n.ID, func(ctx context.Context, _ *store.Tx) error {
				remembered, wrong := d.truthful(ctx)
				kept += remembered
				return errors.Join(wrong...)
			}))
		}
	}
	require.Positive(t, kept)
}

// TestPositionsKeepTheMemory: consumers write often, and not to these tables.
func TestPositionsKeepTheMemory(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"UPDATE identity SET verified = 1":                                                                  true,
		"-- name: PutLiveConversation :exec\nINSERT INTO live_conversation VALUES ($1)":                     true,
		"WITH x AS (SELECT 1) DELETE FROM conversation":                                                     true,
		"-- name: Conversation :one\nSELECT * FROM conversation":                                            false,
		"-- name: MarkConversation :exec\nUPDATE consumer_position SET pos = $1 WHERE conversation_id = $2": false,
		"INSERT INTO message (conversation_id) VALUES ($1)":                                                 false,
	} {
		require.Equal(t, want, changesRecalled(text), text)
	}
}

func TestGenerationsAreBounded(t *testing.T) {
	t.Parallel()
	var g generations[int, int]
	for i := range 10 * recallSize {
		g.put(i, i)
		_, kept := g.get(0)
		require.True(t, kept, "what is asked for stays")
		require.LessOrEqual(t, len(g.young)+len(g.old), recallSize)
	}
	_, kept := g.get(recallSize)
	require.False(t, kept)
}

func TestPositional(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		plain string
		order []int
	}{
		"SELECT 1": {"SELECT 1", nil},
		"UPDATE t SET a = $2, b = $12 WHERE a < $2 AND c = '$1 ''$1'": {
			"UPDATE t SET a = ?, b = ? WHERE a < ? AND c = '$1 ''$1'", []int{1, 11, 1},
		},
		`SELECT "$1", $, $x, $1`: {`SELECT "$1", $, $x, ?`, []int{0}},
	} {
		plain, order := positional(text)
		require.Equal(t, want.plain, plain)
		require.Equal(t, want.order, order)
	}
}

// TestDirectStatements: what goes past database/sql answers as it would.
func TestDirectStatements(t *testing.T) {
	t.Parallel()
	d := opened(t, storetest.NewClock(), Config{})
	w, ctx := d.writer, t.Context()
	_, err := w.ExecContext(ctx, "CREATE TEMP TABLE x (a, b)")
	require.NoError(t, err)
	result, err := w.ExecContext(ctx, "INSERT INTO x VALUES ($2, $1), ($1, $2)", int16(7), []byte{1})
	require.NoError(t, err)
	n, err := result.RowsAffected()
	require.NoError(t, err)
	require.Equal(t, int64(2), n)
	value, err := w.value(ctx, "SELECT b FROM x WHERE a = $1", []byte{1})
	require.NoError(t, err)
	require.Equal(t, int64(7), value)
	value, err = w.value(ctx, "SELECT b FROM x WHERE a = $1", "nobody")
	require.NoError(t, err)
	require.Nil(t, value)
	for _, ask := range []func() error{
		func() error { _, err := w.ExecContext(ctx, "INSERT INTO x VALUES ($1, $2)", 1); return err },
		func() error { _, err := w.ExecContext(ctx, "INSERT INTO x VALUES ($1, 1)", struct{}{}); return err },
		func() error { _, err := w.ExecContext(ctx, "INSERT INTO nowhere VALUES (1)"); return err },
		func() error { _, err := w.value(ctx, "SELECT nothing"); return err },
	} {
		require.Error(t, ask())
	}
	late, cancel := context.WithDeadline(ctx, time.Unix(0, 0))
	defer cancel()
	_, err = w.ExecContext(late, "INSERT INTO x VALUES (1, 1)")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	value, err = w.value(ctx, "SELECT count(*) FROM x")
	require.NoError(t, err)
	require.Equal(t, int64(2), value)
}
