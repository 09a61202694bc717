package postgres

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	batch  prometheus.Histogram
	commit prometheus.Histogram
	errors *prometheus.CounterVec

	registerer prometheus.Registerer
	registered []prometheus.Collector
}

func newMetrics(r prometheus.Registerer, queued func() int) (metrics, error) {
	m := metrics{
		registerer: r,
		batch: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "yingda_store_batch_units", Help: "Units of work in one commit.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 10),
		}),
		commit: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "yingda_store_commit_seconds", Help: "Time from the begin of a batch to its commit on disk.",
			Buckets: prometheus.ExponentialBuckets(0.0002, 2.5, 10),
		}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "yingda_store_failed_commits_total", Help: "Batches that could not be committed at once, by reason.",
		}, []string{"reason"}),
	}
	if r == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{
		m.batch, m.commit, m.errors,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "yingda_store_queue_units", Help: "Units of work that wait for a commit.",
		}, func() float64 { return float64(queued()) }),
	} {
		if err := r.Register(c); err != nil {
			m.unregister()
			return m, err
		}
		m.registered = append(m.registered, c)
	}
	return m, nil
}

func (m *metrics) unregister() {
	for _, c := range m.registered {
		m.registerer.Unregister(c)
	}
	m.registered = nil
}

// reason names an error for the metric; the set of names is small and fixed.
func reason(err error) string {
	switch {
	case errors.Is(err, errUnknown):
		return "unknown_outcome"
	case lost(err):
		return "connection"
	case lostRace(err):
		return "race"
	case again(err):
		return "deadlock"
	default:
		return "other"
	}
}
