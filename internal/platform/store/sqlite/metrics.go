package sqlite

import (
	"os"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	batch  prometheus.Histogram
	commit prometheus.Histogram
	errors prometheus.Counter

	registerer prometheus.Registerer
	registered []prometheus.Collector
}

func newMetrics(r prometheus.Registerer, queued func() int, wal string) (metrics, error) {
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
		errors: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "yingda_store_failed_commits_total", Help: "Batches that could not be committed.",
		}),
	}
	all := []prometheus.Collector{
		m.batch, m.commit, m.errors,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "yingda_store_queue_units", Help: "Units of work that wait for a commit.",
		}, func() float64 { return float64(queued()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "yingda_store_wal_bytes", Help: "Size of the write-ahead log; large means a reader holds back its reset.",
		}, func() float64 {
			info, err := os.Stat(wal)
			if err != nil {
				return 0 // no log is a log of no bytes
			}
			return float64(info.Size())
		}),
	}
	if r == nil {
		return m, nil
	}
	for _, c := range all {
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
