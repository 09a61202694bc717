package postgres_test

import (
	"testing"

	"yingda.dev/internal/platform/store/storetest"
)

func TestSuite(t *testing.T) { storetest.Run(t, open) }
