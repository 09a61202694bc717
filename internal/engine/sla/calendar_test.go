package sla_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/sla"
)

func zone(t require.TestingT, name string) *time.Location {
	z, err := time.LoadLocation(name)
	require.NoError(t, err)
	return z
}

func week(workdays, weekend []sla.Period) (w [7][]sla.Period) {
	for d := range w {
		w[d] = workdays
		if d == int(time.Saturday) || d == int(time.Sunday) {
			w[d] = weekend
		}
	}
	return w
}

var office = week([]sla.Period{{From: 9 * 60, To: 17 * 60}}, nil)

func calendar(t require.TestingT, z *time.Location, p sla.Plan) sla.Calendar {
	c, err := sla.New(z, p)
	require.NoError(t, err)
	return c
}

// at reads "2006-01-02 15:04:05" in the zone.
func at(t require.TestingT, z *time.Location, text string) time.Time {
	for _, layout := range []string{"2006-01-02 15:04", time.DateTime} {
		if v, err := time.ParseInLocation(layout, text, z); err == nil {
			return v
		}
	}
	require.Fail(t, "bad time "+text)
	return time.Time{}
}

// Each case is worked out by hand. The first is Chatwoot's specification case.
func TestBetween(t *testing.T) {
	t.Parallel()
	shanghai, berlin := zone(t, "Asia/Shanghai"), zone(t, "Europe/Berlin")
	night := week([]sla.Period{{From: 22 * 60, To: 30 * 60}}, nil)
	split := week([]sla.Period{{From: 8 * 60, To: 12 * 60}, {From: 13*60 + 30, To: 18 * 60}}, nil)
	around := week([]sla.Period{{From: 0, To: 24 * 60}}, []sla.Period{{From: 0, To: 24 * 60}})
	golden := sla.Plan{Week: split, Exceptions: []sla.Exception{
		{Date: "2026-10-01", Name: "国庆节"},
		{Date: "2026-10-02"},
		{Date: "2026-10-05"},
		{Date: "2026-10-06"},
		{Date: "2026-10-07"},
		{Date: "2026-10-10", Name: "调休上班", Periods: []sla.Period{{From: 9 * 60, To: 17 * 60}}},
	}}
	for name, c := range map[string]struct {
		zone     *time.Location
		plan     sla.Plan
		from, to string
		seconds  int
	}{
		"a whole week, 9 to 17":                 {shanghai, sla.Plan{Week: office}, "2022-03-20 00:00", "2022-03-26 23:59", 144_000},
		"within a period":                       {shanghai, sla.Plan{Week: office}, "2022-03-21 10:00", "2022-03-21 10:20", 1_200},
		"before and after hours":                {shanghai, sla.Plan{Week: office}, "2022-03-21 07:00", "2022-03-21 20:00", 28_800},
		"a night, nothing":                      {shanghai, sla.Plan{Week: office}, "2022-03-21 17:00", "2022-03-22 09:00", 0},
		"over the weekend":                      {shanghai, sla.Plan{Week: office}, "2022-03-25 16:00", "2022-03-28 10:00", 7_200},
		"the lunch break does not count":        {shanghai, sla.Plan{Week: split}, "2022-03-21 11:00", "2022-03-21 14:00", 5_400},
		"a night shift over midnight":           {shanghai, sla.Plan{Week: night}, "2022-03-21 23:00", "2022-03-22 03:00", 14_400},
		"Friday's night shift ends on Saturday": {shanghai, sla.Plan{Week: night}, "2022-03-26 00:00", "2022-03-27 00:00", 6 * 3600},
		"always open":                           {shanghai, sla.Plan{}, "2022-03-20 00:00", "2022-03-21 00:00", 86_400},
		"around the clock":                      {shanghai, sla.Plan{Week: around}, "2022-03-20 00:00", "2022-03-27 00:00", 7 * 86_400},
		"clocks go forward":                     {berlin, sla.Plan{Week: around}, "2026-03-29 00:00", "2026-03-30 00:00", 23 * 3600},
		"clocks go back":                        {berlin, sla.Plan{Week: around}, "2026-10-25 00:00", "2026-10-26 00:00", 25 * 3600},
		"the holiday week and its make-up day":  {shanghai, golden, "2026-09-30 17:00", "2026-10-10 10:00", 3600 + 2*30_600 + 3600},
		"nothing backwards":                     {shanghai, sla.Plan{Week: office}, "2022-03-22 10:00", "2022-03-21 10:00", 0},
		"five years":                            {shanghai, sla.Plan{Week: office}, "2022-01-03 00:00", "2027-01-04 00:00", 261 * 5 * 28_800},
	} {
		got := calendar(t, c.zone, c.plan).Between(at(t, c.zone, c.from), at(t, c.zone, c.to))
		require.Equal(t, time.Duration(c.seconds)*time.Second, got, name)
	}
}

func TestNextOpenAndClose(t *testing.T) {
	t.Parallel()
	z := zone(t, "Asia/Shanghai")
	c := calendar(t, z, sla.Plan{Week: office, Exceptions: []sla.Exception{{Date: "2026-10-01"}, {Date: "2026-10-02"}}})
	for from, want := range map[string]string{
		"2026-09-28 10:00": "2026-09-28 10:00",
		"2026-09-28 08:00": "2026-09-28 09:00",
		"2026-09-28 17:00": "2026-09-29 09:00", // the end does not belong to it
		"2026-09-30 18:00": "2026-10-05 09:00", // holidays, then the weekend
	} {
		next, ok := c.NextOpen(at(t, z, from))
		require.True(t, ok)
		require.Equal(t, at(t, z, want), next, from)
		require.Equal(t, from == want, c.Open(at(t, z, from)), from)
	}
	end, ok := c.NextClose(at(t, z, "2026-09-28 10:00"))
	require.True(t, ok)
	require.Equal(t, at(t, z, "2026-09-28 17:00"), end)
	_, ok = c.NextClose(at(t, z, "2026-09-28 18:00"))
	require.False(t, ok)

	closed := calendar(t, z, sla.Plan{Exceptions: []sla.Exception{{Date: "2026-10-01"}}})
	_, ok = closed.NextOpen(at(t, z, "2026-09-28 10:00"))
	require.False(t, ok, "a plan with nothing but a holiday is never open")
	_, ok = closed.Add(at(t, z, "2026-09-28 10:00"), time.Second)
	require.False(t, ok)
	require.Zero(t, closed.Between(at(t, z, "2026-09-28 10:00"), at(t, z, "2028-09-28 10:00")))

	around := calendar(t, z, sla.Plan{Week: week([]sla.Period{{From: 0, To: 1440}}, []sla.Period{{From: 0, To: 1440}})})
	_, ok = around.NextClose(at(t, z, "2026-09-28 10:00"))
	require.False(t, ok, "it never ends")
	require.True(t, sla.Calendar{}.Open(time.Time{}))
}

func TestCheck(t *testing.T) {
	t.Parallel()
	day := func(p ...sla.Period) sla.Plan { return sla.Plan{Week: [7][]sla.Period{1: p}} }
	for name, p := range map[string]sla.Plan{
		"begins after midnight": day(sla.Period{From: 1440, To: 1500}),
		"begins before":         day(sla.Period{From: -1, To: 100}),
		"is empty":              day(sla.Period{From: 60, To: 60}),
		"is too long":           day(sla.Period{From: 60, To: 1501}),
		"overlaps":              day(sla.Period{From: 60, To: 120}, sla.Period{From: 0, To: 61}),
		"too many":              day(make([]sla.Period, 13)...),
		"no date":               {Exceptions: []sla.Exception{{Date: "2026-13-01"}}},
		"a date twice":          {Exceptions: []sla.Exception{{Date: "2026-10-01"}, {Date: "2026-10-01"}}},
		"too many dates":        {Exceptions: make([]sla.Exception, 401)},
	} {
		_, err := sla.New(time.UTC, p)
		require.ErrorIs(t, err, desk.Invalid, name)
	}
	_, err := sla.New(nil, sla.Plan{})
	require.ErrorIs(t, err, desk.Invalid)
	require.NoError(t, day(sla.Period{From: 60, To: 120}, sla.Period{From: 120, To: 1560}).Check())
}

// Between, Add and Open must tell one story about any plan.
func TestCalendarAgreesWithItself(t *testing.T) {
	t.Parallel()
	zones := []*time.Location{zone(t, "Asia/Shanghai"), zone(t, "Europe/Berlin"), zone(t, "America/New_York"), time.UTC}
	rapid.Check(t, func(t *rapid.T) {
		var p sla.Plan
		for d := range p.Week {
			for from := rapid.IntRange(0, 600).Draw(t, "first"); from < 1440 && len(p.Week[d]) < 3; {
				to := from + rapid.IntRange(1, 900).Draw(t, "length")
				p.Week[d] = append(p.Week[d], sla.Period{From: from, To: to})
				from = to + rapid.IntRange(0, 600).Draw(t, "pause")
			}
		}
		begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		for i := range rapid.IntRange(0, 3).Draw(t, "holidays") {
			d := begin.AddDate(0, 0, i*17+rapid.IntRange(0, 16).Draw(t, "holiday"))
			p.Exceptions = append(p.Exceptions, sla.Exception{Date: d.Format(time.DateOnly)})
		}
		c := calendar(t, rapid.SampledFrom(zones).Draw(t, "zone"), p)
		a := begin.Add(time.Duration(rapid.IntRange(0, 400*24*60).Draw(t, "a")) * time.Minute)
		b := a.Add(time.Duration(rapid.IntRange(0, 20*24*60).Draw(t, "b")) * time.Minute)

		// Counted hour by hour it is the same.
		var counted time.Duration
		for m := a; m.Before(b); m = m.Add(time.Hour) {
			end := m.Add(time.Hour)
			if end.After(b) {
				end = b
			}
			counted += c.Between(m, end)
		}
		worked := c.Between(a, b)
		require.Equal(t, counted, worked, "parts add up")
		for range 20 {
			m := a.Add(time.Duration(rapid.IntRange(0, 20*24*60).Draw(t, "minute")) * time.Minute)
			require.Equal(t, c.Open(m), c.Between(m, m.Add(time.Minute)) == time.Minute, "open at %s", m)
		}
		if worked > 0 {
			end, ok := c.Add(a, worked)
			require.True(t, ok)
			require.False(t, end.After(b))
			require.Equal(t, worked, c.Between(a, end), "adding what was worked comes back")
		}
	})
}

func BenchmarkBetweenAMonth(b *testing.B) {
	z := zone(b, "Asia/Shanghai")
	c := calendar(b, z, sla.Plan{Week: office})
	from, to := at(b, z, "2026-09-01 00:00"), at(b, z, "2026-10-01 00:00")
	for b.Loop() {
		c.Between(from, to)
	}
}
