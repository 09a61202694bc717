package logbus

import (
	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	head           prometheus.Gauge
	handled        *prometheus.CounterVec
	failures       *prometheus.CounterVec
	parked         *prometheus.CounterVec
	signalsDropped prometheus.Counter
}

func newMetrics(r prometheus.Registerer) (metrics, error) {
	by := []string{"consumer"}
	m := metrics{
		head: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "yingda_bus_head_position", Help: "Newest position of the event log that this node has read.",
		}),
		handled: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "yingda_bus_handled_events_total", Help: "Events handled and committed by a consumer.",
		}, by),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "yingda_bus_failures_total", Help: "Failed attempts of a consumer to handle events.",
		}, by),
		parked: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "yingda_bus_parked_events_total", Help: "Events a consumer put aside.",
		}, by),
		signalsDropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "yingda_bus_dropped_signals_total", Help: "Signals dropped because a listener was slow.",
		}),
	}
	for _, c := range []prometheus.Collector{m.head, m.handled, m.failures, m.parked, m.signalsDropped} {
		if err := r.Register(c); err != nil {
			return metrics{}, err
		}
	}
	return m, nil
}

var lagDesc = prometheus.NewDesc("yingda_bus_lag_events", "Events a consumer is behind on this node.", []string{"consumer"}, nil)

// lags tells, whenever it is asked, how far the consumers of this process are
// behind the log: also one that is stuck and commits nothing.
type lags struct{ b *Bus }

// Describe implements prometheus.Collector.
func (l lags) Describe(out chan<- *prometheus.Desc) { out <- lagDesc }

// Collect implements prometheus.Collector.
func (l lags) Collect(out chan<- prometheus.Metric) {
	seen := map[string]int64{}
	l.b.mu.Lock()
	for name, c := range l.b.running {
		seen[name] = c.seen.Load()
	}
	l.b.mu.Unlock()
	head := l.b.tail.head() // after seen, which it is ahead of
	for name, pos := range seen {
		lag := int64(0)
		if pos != noShards {
			lag = max(0, head-pos)
		}
		out <- prometheus.MustNewConstMetric(lagDesc, prometheus.GaugeValue, float64(lag), name)
	}
}
