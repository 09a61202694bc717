package sqlite_test

import (
	"testing"

	"go.uber.org/goleak"

	"yingda.dev/internal/platform/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDriver(t *testing.T) { storetest.Run(t, open) }
