package app

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGaugesOfARunningServer(t *testing.T) {
	t.Parallel()
	g, err := parseGauges(strings.NewReader(`# HELP yingda_bot_effort 0: everything
yingda_bot_effort 2
yingda_bus_lag_events{consumer="bot"} 3
yingda_bus_lag_events{consumer="indexer"} 12000
yingda_bus_parked_events_total{consumer="bot"} 1
yingda_trainings_total{outcome="done"} 7
yingda_trainings_total{outcome="failed"} 2
yingda_flow_calls_total{outcome="answered"} 40
yingda_flow_calls_total{outcome="failed"} 4
nonsense
`))
	require.NoError(t, err)
	require.Equal(t, gauges{effort: 2, lag: 12000, parked: 1, failedTrainings: 2, failedCalls: 4}, g)
}
