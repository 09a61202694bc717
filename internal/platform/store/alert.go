package store

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// QueueAlert is a rule of the queue that is broken at the moment.
type QueueAlert struct {
	AccountID desk.AccountID
	Rule      desk.AlertRule
	// Value is how bad it was when it was raised.
	Value int64
	Since time.Time
}

// QueueAlerts lists what is on.
func (r Reads) QueueAlerts(ctx context.Context, account desk.AccountID) ([]QueueAlert, error) {
	rows, err := r.q.QueueAlerts(ctx, query.QueueAlertsParams{AccountID: string(account)})
	out := make([]QueueAlert, len(rows))
	for i, row := range rows {
		out[i] = QueueAlert{AccountID: desk.AccountID(row.AccountID), Rule: desk.AlertRule(row.Rule), Value: row.Value, Since: desk.FromMicros(row.SinceUs)}
	}
	return out, r.fail("list alerts", "alert", err)
}

// PutQueueAlert notes that an alert is on; one that is on stays as it was.
func (t *Tx) PutQueueAlert(ctx context.Context, a QueueAlert) error {
	const op = "raise alert"
	if err := t.own(op, a.AccountID); err != nil {
		return err
	}
	return t.fail(op, "alert", t.q.PutQueueAlert(ctx, query.PutQueueAlertParams{
		AccountID: string(a.AccountID), Rule: string(a.Rule), Value: a.Value, SinceUs: desk.Micros(a.Since),
	}))
}

// DeleteQueueAlert notes that an alert is over; it tells whether it was on.
func (t *Tx) DeleteQueueAlert(ctx context.Context, account desk.AccountID, rule desk.AlertRule) (bool, error) {
	const op = "end alert"
	if err := t.own(op, account); err != nil {
		return false, err
	}
	n, err := t.q.DeleteQueueAlert(ctx, query.DeleteQueueAlertParams{AccountID: string(account), Rule: string(rule)})
	return n > 0, t.fail(op, "alert", err)
}

// Robot is a group robot that is told of alerts.
type Robot struct {
	ID        string
	AccountID desk.AccountID
	// Settings are JSON, Secret the sealed address and signing secret.
	Settings string
	Secret   desk.Sealed
	// Error is why the last message failed; "" if it did not.
	Error string
	// SentAt is when it last took a message; zero if never.
	SentAt    time.Time
	CreatedAt time.Time
}

func robotOf(row query.Robot) Robot {
	return Robot{
		ID: row.ID, AccountID: desk.AccountID(row.AccountID), Settings: row.Settings, Secret: row.Secret, Error: row.Error,
		SentAt: desk.FromMicros(row.SentUs), CreatedAt: desk.FromMicros(row.CreatedUs),
	}
}

// Robots lists the account's robots by age.
func (r Reads) Robots(ctx context.Context, account desk.AccountID) ([]Robot, error) {
	rows, err := r.q.Robots(ctx, query.RobotsParams{AccountID: string(account), RowLimit: maxPage})
	out := make([]Robot, len(rows))
	for i, row := range rows {
		out[i] = robotOf(row)
	}
	return out, r.fail("list robots", "robot", err)
}

// Robot finds a robot.
func (r Reads) Robot(ctx context.Context, account desk.AccountID, id string) (Robot, error) {
	row, err := r.q.Robot(ctx, query.RobotParams{AccountID: string(account), ID: id})
	if err != nil {
		return Robot{}, r.fail("find robot", "robot", err)
	}
	return robotOf(row), nil
}

// PutRobot adds a robot or replaces everything about it but its age.
func (t *Tx) PutRobot(ctx context.Context, v Robot) error {
	const op = "save robot"
	if err := t.own(op, v.AccountID); err != nil {
		return err
	}
	return t.fail(op, "robot", t.q.PutRobot(ctx, query.PutRobotParams{
		AccountID: string(v.AccountID), ID: v.ID, Settings: v.Settings, Secret: blob(v.Secret), Error: v.Error,
		SentUs: desk.Micros(v.SentAt), CreatedUs: desk.Micros(v.CreatedAt),
	}))
}

// DeleteRobot removes a robot.
func (t *Tx) DeleteRobot(ctx context.Context, account desk.AccountID, id string) error {
	const op = "delete robot"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.DeleteRobot(ctx, query.DeleteRobotParams{AccountID: string(account), ID: id})
	return t.changed(op, "robot", n, err)
}

// QueueTally is how many waits ended in one way, and how long they took together.
type QueueTally struct {
	Count  int64
	Waited time.Duration
}

// QueueOutcomes counts how waits ended since a time.
func (r Reads) QueueOutcomes(ctx context.Context, account desk.AccountID, since time.Time) (map[QueueOutcome]QueueTally, error) {
	rows, err := r.q.QueueOutcomes(ctx, query.QueueOutcomesParams{AccountID: string(account), FromUs: desk.Micros(since)})
	out := make(map[QueueOutcome]QueueTally, len(rows))
	for _, row := range rows {
		out[QueueOutcome(row.Outcome)] = QueueTally{Count: row.N, Waited: time.Duration(row.WaitedUs) * time.Microsecond}
	}
	return out, r.fail("count queue history", "entry", err)
}
