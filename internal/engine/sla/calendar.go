package sla

import (
	"slices"
	"time"

	"yingda.dev/internal/desk"
)

// horizon is how far Calendar looks for working time. A plan that has none in
// it is never open as far as people are concerned.
const horizon = 400

// Calendar answers questions about a Plan in a zone. The zero value is always open.
type Calendar struct {
	zone    *time.Location
	always  bool
	week    [7][]Period
	special map[date][]Period
}

// date is a day of the zone's calendar.
type date struct {
	year  int
	month time.Month
	day   int
}

// New builds a Calendar. A plan that Check refuses is refused here too.
func New(zone *time.Location, plan Plan) (Calendar, error) {
	if zone == nil {
		return Calendar{}, desk.InvalidField("build calendar", "zone", "the time zone is missing")
	}
	if err := plan.Check(); err != nil {
		return Calendar{}, err
	}
	c := Calendar{zone: zone, always: plan.always(), week: plan.Week, special: make(map[date][]Period, len(plan.Exceptions))}
	for _, e := range plan.Exceptions {
		t, _ := time.Parse(time.DateOnly, e.Date) // Check saw to it
		c.special[dateOf(t)] = e.Periods
	}
	return c, nil
}

func dateOf(t time.Time) date {
	y, m, d := t.Date()
	return date{y, m, d}
}

// span is working time from one moment up to, and without, another.
type span struct{ from, to time.Time }

// spans are the periods that begin on the day, in order. Where clocks skip an
// hour, a wall-clock time inside it is the moment of the skip.
func (c Calendar) spans(d date) (out []span) {
	periods, special := c.special[d]
	if !special {
		periods = c.week[time.Date(d.year, d.month, d.day, 12, 0, 0, 0, c.zone).Weekday()]
	}
	for _, p := range periods {
		s := span{c.at(d, p.From), c.at(d, p.To)}
		if s.to.After(s.from) {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b span) int { return a.from.Compare(b.from) })
	return out
}

// at is the moment that a clock on the wall shows the minute of the day.
func (c Calendar) at(d date, minute int) time.Time {
	return time.Date(d.year, d.month, d.day, 0, minute, 0, 0, c.zone)
}

// run calls yield with the working spans that end after t, in order and
// without overlaps, until it returns false or the horizon is passed.
func (c Calendar) run(t time.Time, yield func(span) bool) {
	local := t.In(c.zone)
	y, m, d := local.Date()
	var pending span // joined with what touches it before it is handed out
	for i := -1; i <= horizon; i++ {
		for _, s := range c.spans(dateOf(time.Date(y, m, d+i, 12, 0, 0, 0, c.zone))) {
			switch {
			case !s.to.After(t):
			case pending.to.IsZero():
				pending = s
			case s.from.After(pending.to):
				if !yield(pending) {
					return
				}
				pending = s
			case s.to.After(pending.to):
				pending.to = s.to
			}
		}
		// Nothing of later days begins before tomorrow's midnight.
		if !pending.to.IsZero() && pending.to.Before(time.Date(y, m, d+i+1, 0, 0, 0, 0, c.zone)) {
			if !yield(pending) {
				return
			}
			pending = span{}
		}
	}
	if !pending.to.IsZero() {
		yield(pending)
	}
}

// Open reports whether t is working time.
func (c Calendar) Open(t time.Time) bool {
	at, ok := c.NextOpen(t)
	return ok && !at.After(t)
}

// NextOpen is t itself in working time, else when working time next begins.
// False means: not in more than a year.
func (c Calendar) NextOpen(t time.Time) (next time.Time, ok bool) {
	if c.everOpen() {
		return t, true
	}
	c.run(t, func(s span) bool {
		next, ok = s.from, true
		if next.Before(t) {
			next = t
		}
		return false
	})
	return next, ok
}

// NextClose is when the working time that holds t ends; false if t is not in
// working time or it does not end in more than a year.
func (c Calendar) NextClose(t time.Time) (end time.Time, ok bool) {
	if c.everOpen() {
		return time.Time{}, false
	}
	c.run(t, func(s span) bool {
		end, ok = s.to, !s.from.After(t)
		return false
	})
	if !ok || end.After(t.AddDate(0, 0, horizon-1)) {
		return time.Time{}, false
	}
	return end, true
}

// Between is the working time from one moment to a later one; 0 if it is not later.
func (c Calendar) Between(from, to time.Time) (total time.Duration) {
	if !to.After(from) {
		return 0
	}
	if c.everOpen() {
		return to.Sub(from)
	}
	for begin := from; begin.Before(to); {
		last := begin
		c.run(begin, func(s span) bool {
			if !s.from.Before(to) {
				last = to
				return false
			}
			total += earlier(s.to, to).Sub(later(s.from, begin))
			last = s.to
			return true
		})
		if !last.After(begin) {
			break // nothing more within the horizon
		}
		begin = last
	}
	return total
}

// Add is the moment at which d of working time have passed since t: the end of
// the working time that fills it. A d of 0 or less is NextOpen. False means:
// there is not so much working time in more than a year.
func (c Calendar) Add(t time.Time, d time.Duration) (at time.Time, ok bool) {
	if d <= 0 {
		return c.NextOpen(t)
	}
	if c.everOpen() {
		return t.Add(d), true
	}
	left := d
	c.run(t, func(s span) bool {
		begin := later(s.from, t)
		if have := s.to.Sub(begin); have < left {
			left -= have
			return true
		}
		at, ok = begin.Add(left), true
		return false
	})
	return at, ok
}

func (c Calendar) everOpen() bool { return c.always || c.zone == nil }

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
