package postgres

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// listen hears of other nodes' commits, until ctx ends. The notification says
// how far the log goes; a poll finds what a lost one would have told.
func (d *Driver) listen(ctx context.Context) {
	for pause := shortPause; ctx.Err() == nil; pause = min(2*pause, longPause) {
		err := d.listenOnce(ctx, func() { pause = shortPause })
		d.tail.listen(false)
		if ctx.Err() != nil {
			return
		}
		d.log.Warn("listening to the database failed, trying again", "error", err)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

func (d *Driver) listenOnce(ctx context.Context, ready func()) error {
	conn, err := d.connect(ctx)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(ctx) // it only listened
	}()
	if _, err := conn.Exec(ctx, "LISTEN yingda_log; LISTEN "+shoutChannel); err != nil {
		return err
	}
	if err := d.poll(ctx, conn); err != nil {
		return err
	}
	ready()
	d.tail.listen(true)
	for {
		if err := d.hear(ctx, conn); err != nil {
			return err
		}
	}
}

// hear waits for a notification, or polls if none comes.
func (d *Driver) hear(ctx context.Context, conn *pgx.Conn) error {
	wait, cancel := context.WithTimeout(ctx, d.config.Poll)
	defer cancel()
	n, err := conn.WaitForNotification(wait)
	switch {
	case err == nil && n.Channel == shoutChannel:
		d.ears.hear(n.Payload)
		return nil
	case err == nil:
		if head, err := strconv.ParseInt(n.Payload, 10, 64); err == nil {
			d.news(head)
		}
		return nil
	case ctx.Err() == nil && wait.Err() != nil && !conn.IsClosed():
		return d.poll(ctx, conn)
	default:
		return err
	}
}

func (d *Driver) poll(ctx context.Context, conn *pgx.Conn) error {
	// A connection whose other end is gone without a word answers never, and
	// while we wait the tail would say that there is nothing new.
	ctx, cancel := context.WithTimeout(ctx, d.config.ReadTime)
	defer cancel()
	var head int64
	if err := conn.QueryRow(ctx, "SELECT pos FROM log_head").Scan(&head); err != nil {
		return err
	}
	d.news(head)
	return nil
}

func (d *Driver) news(head int64) {
	if d.tail.heard(head) {
		d.watchers.Notify()
	}
}
