package signal_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

func TestEventTime(t *testing.T) {
	at := func(year int, after time.Duration) signal.Nanos {
		return signal.NanosOf(time.Date(year, 3, 14, 9, 26, 53, 0, time.UTC).Add(after))
	}
	received := at(2026, 0)
	for name, c := range map[string]struct {
		times []signal.Nanos
		want  signal.Nanos
	}{
		"none":                       {nil, received},
		"zero":                       {[]signal.Nanos{0}, received},
		"a moment ago":               {[]signal.Nanos{received - 1}, received - 1},
		"a recording of years ago":   {[]signal.Nanos{at(2011, 0)}, at(2011, 0)},
		"a clock that is ahead":      {[]signal.Nanos{at(2026, time.Minute)}, at(2026, time.Minute)},
		"a host an hour ahead":       {[]signal.Nanos{at(2026, time.Hour)}, received},
		"a clock that was never set": {[]signal.Nanos{at(1970, time.Hour)}, received},
		"2106":                       {[]signal.Nanos{at(2106, 0)}, received},
		"the last of all":            {[]signal.Nanos{1<<64 - 1}, received},
		"the next one":               {[]signal.Nanos{at(2106, 0), received - 5}, received - 5},
	} {
		assert.Equal(t, c.want, signal.EventTime(received, c.times...), name)
	}
	assert.Equal(t, at(2106, 0), signal.EventTime(0, at(2106, 0)), "nothing is known of its receipt")
}
