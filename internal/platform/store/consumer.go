package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// Position is how far a consumer has read the events of one shard.
type Position struct {
	Consumer string
	Shard    desk.Shard
	// Pos is the last position done.
	Pos int64
	// Holder is the node that reads, until ExpiresAt.
	Holder    string
	ExpiresAt time.Time
	// Token fences: it grows when the shard changes hands, and only who holds
	// the present one may save.
	Token int64
	// Rebuild means events between Pos and the oldest kept one are gone: the
	// consumer must start again from the tables and call FinishRebuild.
	Rebuild bool
}

// ClaimPositions takes the consumer's free and expired shards for holder,
// renews those it has, and returns all it has now, by shard. Unknown consumers
// get their positions: 0, and Rebuild if the log does not begin there any more.
func (s *Store) ClaimPositions(ctx context.Context, consumer, holder string, ttl time.Duration) ([]Position, error) {
	const op = "claim positions"
	if consumer == "" || holder == "" || ttl <= 0 {
		return nil, desk.E(desk.Internal, op, "consumer, holder and ttl must be set")
	}
	claim := func() (out []Position, err error) {
		err = s.Write(ctx, "", func(ctx context.Context, tx *Tx) error {
			rows, err := tx.q.ClaimPosition(ctx, query.ClaimPositionParams{
				Consumer: consumer, Holder: holder, NowUs: desk.Micros(tx.now), ExpiresUs: desk.Micros(tx.now.Add(ttl)),
			})
			out = positionsOf(rows)
			return tx.fail(op, "position", err)
		})
		return out, err
	}
	known, err := s.q.ConsumerPositions(ctx, query.ConsumerPositionsParams{Consumer: consumer})
	if err != nil {
		return nil, s.fail(op, "position", err)
	}
	if len(known) < desk.Shards {
		if err := s.createPositions(ctx, consumer); err != nil {
			return nil, err
		}
	}
	return claim()
}

func (s *Store) createPositions(ctx context.Context, consumer string) error {
	const op = "create positions"
	return s.Write(ctx, "", func(ctx context.Context, tx *Tx) error {
		head, err := tx.Head(ctx)
		if err != nil {
			return err
		}
		oldest, err := tx.Oldest(ctx)
		if err != nil {
			return err
		}
		rebuild := oldest > 1 || (oldest == 0 && head > 0)
		for shard := range int16(desk.Shards) {
			err := tx.q.CreatePosition(ctx, query.CreatePositionParams{Consumer: consumer, Shard: shard, Rebuild: rebuild})
			if err != nil {
				return tx.fail(op, "position", err)
			}
		}
		return nil
	})
}

// ReleasePositions gives up all shards of holder at once, at shutdown.
func (s *Store) ReleasePositions(ctx context.Context, consumer, holder string) error {
	return s.Write(ctx, "", func(ctx context.Context, tx *Tx) error {
		err := tx.q.ReleasePositions(ctx, query.ReleasePositionsParams{Consumer: consumer, Holder: holder})
		return tx.fail("release positions", "position", err)
	})
}

// Positions lists where all consumers stand, for metrics and operators.
func (r Reads) Positions(ctx context.Context) ([]Position, error) {
	rows, err := r.q.Positions(ctx)
	if err != nil {
		return nil, r.fail("list positions", "position", err)
	}
	return positionsOf(rows), nil
}

// SavePositions notes that holder, who stands at held, has come to pos,
// together with the effects of the transaction; shards that are further stay.
// Conflict, which undoes it all, if a shard has changed hands, is not where
// held says, or differs in its Rebuild mark; claim again then. So a transaction
// that runs again, because nobody knows whether its first run was committed,
// has no effect twice. Only Shard, Pos, Token and Rebuild of held count.
// Installation work only.
func (t *Tx) SavePositions(ctx context.Context, consumer, holder string, held []Position, pos int64) error {
	const op = "save positions"
	if err := t.installation(op); err != nil {
		return err
	}
	for _, p := range held {
		n, err := t.q.SavePosition(ctx, query.SavePositionParams{
			Consumer: consumer, Shard: int16(p.Shard), Holder: holder, Token: p.Token, Rebuild: p.Rebuild,
			Was: p.Pos, Pos: max(p.Pos, pos),
		})
		if err != nil {
			return t.fail(op, "position", err)
		}
		if n == 0 {
			return desk.E(desk.Conflict, op, "another node reads this shard now, or it was read further already")
		}
	}
	return nil
}

// FinishRebuild clears the mark and sets the position to go on from; Conflict
// as SavePositions. Installation work only.
func (t *Tx) FinishRebuild(ctx context.Context, consumer, holder string, p Position) error {
	const op = "finish rebuild"
	if err := t.installation(op); err != nil {
		return err
	}
	n, err := t.q.FinishRebuild(ctx, query.FinishRebuildParams{
		Consumer: consumer, Shard: int16(p.Shard), Holder: holder, Token: p.Token, Pos: p.Pos,
	})
	if err == nil && n == 0 {
		return desk.E(desk.Conflict, op, "another node reads this shard now")
	}
	return t.fail(op, "position", err)
}

func positionsOf(rows []query.ConsumerPosition) []Position {
	out := make([]Position, len(rows))
	for i, row := range rows {
		out[i] = Position{
			Consumer: row.Consumer, Shard: desk.Shard(row.Shard), Pos: row.Pos, Holder: row.Holder,
			ExpiresAt: desk.FromMicros(row.ExpiresUs), Token: row.Token, Rebuild: row.Rebuild,
		}
	}
	slices.SortFunc(out, func(a, b Position) int {
		return cmp.Or(cmp.Compare(a.Consumer, b.Consumer), cmp.Compare(a.Shard, b.Shard))
	})
	return out
}
