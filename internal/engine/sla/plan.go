package sla

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"yingda.dev/internal/desk"
)

// Period is a piece of a working day in minutes from its midnight:
// 0 ≤ From < 1440 and From < To ≤ From + 1440. A To above 1440 is on the next day.
type Period struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// Exception replaces the periods of one date: none for a holiday, others for a
// make-up workday.
type Exception struct {
	// Date is "2026-10-01".
	Date    string   `json:"date"`
	Name    string   `json:"name,omitempty"`
	Periods []Period `json:"periods,omitempty"`
}

// Plan is what an administrator enters. The zero value is always open.
type Plan struct {
	// Week holds the periods by day, Sunday first as in time.Weekday. If every
	// day is empty and there are no exceptions the plan is always open.
	Week [7][]Period `json:"week"`
	// Exceptions have different dates; at most MaxExceptions.
	Exceptions []Exception `json:"exceptions,omitempty"`
}

// The bounds of a Plan.
const (
	MaxPeriods    = 12 // a day
	MaxExceptions = 400
)

const day = 24 * 60

// Check refuses a plan that makes no sense with Invalid and the field's path.
func (p Plan) Check() error {
	for i, periods := range p.Week {
		if err := check(fmt.Sprintf("week.%d", i), periods); err != nil {
			return err
		}
	}
	if len(p.Exceptions) > MaxExceptions {
		return desk.InvalidField("check working hours", "exceptions", "there are more than 400 exceptions")
	}
	seen := make(map[string]bool, len(p.Exceptions))
	for i, e := range p.Exceptions {
		field := fmt.Sprintf("exceptions.%d", i)
		if _, err := time.Parse(time.DateOnly, e.Date); err != nil {
			return desk.InvalidField("check working hours", field+".date", "a date looks like 2026-10-01")
		}
		if seen[e.Date] {
			return desk.InvalidField("check working hours", field+".date", "this date is there twice")
		}
		seen[e.Date] = true
		if err := check(field+".periods", e.Periods); err != nil {
			return err
		}
	}
	return nil
}

func check(field string, periods []Period) error {
	const op = "check working hours"
	if len(periods) > MaxPeriods {
		return desk.InvalidField(op, field, "a day has at most 12 periods")
	}
	sorted := slices.SortedFunc(slices.Values(periods), func(a, b Period) int { return cmp.Compare(a.From, b.From) })
	for i, p := range sorted {
		switch {
		case p.From < 0 || p.From >= day:
			return desk.InvalidField(op, field, "a period begins between 00:00 and 23:59")
		case p.To <= p.From:
			return desk.InvalidField(op, field, "a period ends after it begins")
		case p.To > p.From+day:
			return desk.InvalidField(op, field, "a period is at most 24 hours long")
		case i > 0 && p.From < sorted[i-1].To:
			return desk.InvalidField(op, field, "periods of a day do not overlap")
		}
	}
	return nil
}

// always reports whether the plan says nothing.
func (p Plan) always() bool {
	for _, periods := range p.Week {
		if len(periods) > 0 {
			return false
		}
	}
	return len(p.Exceptions) == 0
}
