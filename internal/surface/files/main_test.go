package files_test

import (
	"testing"

	"go.uber.org/goleak"

	"yingda.dev/internal/surface/surfacetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, surfacetest.Leaks()...) }
