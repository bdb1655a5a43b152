package trace

import (
	"strconv"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Instant is a time, or a length of time, in nanoseconds. It is clamped so that differences never
// overflow.
type Instant int64

const maxInstant = Instant(1) << 61

// InstantOf clamps a recorded time.
func InstantOf(n signal.Nanos) Instant {
	if n > signal.Nanos(maxInstant) {
		return maxInstant
	}
	return Instant(n)
}

// Abs is the distance from zero.
func (i Instant) Abs() Instant {
	if i < 0 {
		return -i
	}
	return i
}

// FormatDuration shows a length of time with two digits, as 12 min, 3.0 s or 250 ms.
func FormatDuration(d Instant) string {
	switch {
	case d >= 10*Instant(time.Minute):
		return strconv.FormatInt((int64(d)+int64(30*time.Second))/int64(time.Minute), 10) + " min"
	case d >= Instant(time.Second):
		tenths := (int64(d) + int64(50*time.Millisecond)) / int64(100*time.Millisecond)
		return strconv.FormatInt(tenths/10, 10) + "." + strconv.FormatInt(tenths%10, 10) + " s"
	case d >= Instant(time.Millisecond):
		return strconv.FormatInt(int64(d)/int64(time.Millisecond), 10) + " ms"
	default:
		return strconv.FormatInt(int64(d)/int64(time.Microsecond), 10) + " µs"
	}
}
