package eval

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

const tolerance = 0.0005

func TestWilson(t *testing.T) {
	for _, tt := range []struct {
		right, n  int
		low, high float64
	}{{0, 0, 0, 1}, {0, 10, 0, 0.2775}, {9, 10, 0.5958, 0.9821}, {50, 50, 0.9287, 1}} {
		got := wilson(tt.right, tt.n)
		assert.InDelta(t, tt.low, got[0], tolerance, "%d of %d", tt.right, tt.n)
		assert.InDelta(t, tt.high, got[1], tolerance, "%d of %d", tt.right, tt.n)
	}
}

func TestSignTest(t *testing.T) {
	for _, tt := range []struct {
		better, worse int
		want          float64
	}{{0, 0, 1}, {1, 0, 1}, {5, 0, 0.0625}, {0, 5, 0.0625}, {10, 1, 0.0117}, {4, 4, 1}} {
		assert.InDelta(t, tt.want, signTest(tt.better, tt.worse), tolerance, "%d better, %d worse", tt.better, tt.worse)
	}
}

func TestUpper95(t *testing.T) {
	for _, tt := range []struct {
		failures, n int
		want        float64
	}{{0, 10, 0.2589}, {0, 59, 0.0495}, {1, 10, 0.3942}, {3, 3, 1}} {
		assert.InDelta(t, tt.want, upper95(tt.failures, tt.n), tolerance, "%d of %d", tt.failures, tt.n)
	}
}

func TestAccuracy(t *testing.T) {
	a := accuracyOf([]int{1, 2, 0, 4})
	assert.Equal(t, 4, a.N)
	assert.InDelta(t, 0.25, a.AC1, tolerance)
	assert.InDelta(t, 0.5, a.AC3, tolerance)
	assert.InDelta(t, 0.75, a.AC5, tolerance)
	assert.InDelta(t, (0.25+0.5+0.5+0.75+0.75)/5, a.Avg5, tolerance)
}

func TestCalibration(t *testing.T) {
	said := func(confidence incident.Confidence, place int) scored {
		return scored{result: result{answer: answer{confidence: confidence}}, service: place}
	}
	c := calibrationOf([]scored{said(900_000, 1), said(900_000, 1), said(600_000, 1), said(600_000, 2), said(400_000, 0)})
	assert.InDelta(t, (0.01+0.01+0.16+0.36+0.16)/5, c.Brier, tolerance)
	assert.InDelta(t, (0.1*2+0.1*2+0.4)/5, c.ECE, tolerance)
	assert.InDelta(t, (2+2+1.5)/6, c.AUROC, tolerance)
	assert.InDelta(t, 1, c.At09.Precision, tolerance)
	assert.InDelta(t, 0.4, c.At09.Share, tolerance)
	assert.Equal(t, []int{1, 2, 2}, []int{c.Table[0].N, c.Table[1].N, c.Table[2].N})
}
