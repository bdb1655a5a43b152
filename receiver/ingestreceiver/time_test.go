package ingestreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

func TestParseTime(t *testing.T) {
	const second = signal.Nanos(1e9)
	tests := map[string]struct {
		in      any
		want    signal.Nanos
		wantErr string
	}{
		"UTC":                       {"2021-07-01T00:00:00Z", in2021, ""},
		"a zone":                    {"2021-06-30T19:00:00-05:00", in2021, ""},
		"a zone without colon":      {"2021-07-01T05:30:00+0530", in2021, ""},
		"a zone of hours":           {"2021-07-01T02:00:00+02", in2021, ""},
		"no zone is UTC":            {"2021-07-01T00:00:00", in2021, ""},
		"a space":                   {"2021-07-01 00:00:00", in2021, ""},
		"Python's comma":            {"2021-07-01 00:00:00,5", in2021 + second/2, ""},
		"lower case":                {"2021-07-01t00:00:00z", in2021, ""},
		"nanoseconds":               {"2021-07-01T00:00:00.123456789Z", in2021 + 123456789, ""},
		"the epoch":                 {"1970-01-01T00:00:00Z", 0, ""},
		"just before the epoch":     {"1969-12-31T23:59:59.9Z", 0, "before 1970"},
		"long before":               {"0001-01-01T00:00:00Z", 0, "before 1970"},
		"next year":                 {"2027-07-01T00:00:00Z", signal.Nanos(time.Date(2027, 7, 1, 0, 0, 0, 0, time.UTC).UnixNano()), ""},
		"beyond int64 nanoseconds":  {"2500-01-01T00:00:00Z", 16725225600 * second, ""},
		"beyond uint64 nanoseconds": {"2555-01-01T00:00:00Z", 0, "after 2554"},
		"only a date":               {"2021-07-01", 0, "want RFC 3339 or a Unix time"},
		"no such day":               {"2021-02-30T00:00:00Z", 0, "want RFC 3339"},
		"a word":                    {"now", 0, `got "now"`},
		"empty":                     {"", 0, "want RFC 3339"},
		"seconds":                   {int64(1625097600), in2021, ""},
		"seconds as text":           {"1625097600", in2021, ""},
		"fraction of a second":      {1625097600.25, in2021 + second/4, ""},
		"exact fraction as text":    {"1625097600.123456789", in2021 + 123456789, ""},
		"more than nanoseconds":     {"1625097600.1234567899", in2021 + 123456789, ""},
		"milliseconds":              {int64(1625097600123), in2021 + 123_000_000, ""},
		"fraction of a millisecond": {1625097600123.5, in2021 + 123_500_000, ""},
		"microseconds":              {int64(1625097600123456), in2021 + 123_456_000, ""},
		"nanoseconds as number":     {int64(1625097600123456789), in2021 + 123456789, ""},
		"nanoseconds as text":       {"1625097600123456789", in2021 + 123456789, ""},
		"with exponent":             {1.6250976e9, in2021, ""},
		"0":                         {int64(0), 0, ""},
		"0 as text":                 {"0", 0, ""},
		"minus 0":                   {"-0.0", 0, ""},
		"one second":                {int64(1), second, ""},
		"negative":                  {int64(-5), 0, "before 1970"},
		"negative fraction":         {-0.5, 0, "before 1970"},
		"largest":                   {"18446744073709551615", 18446744073709551615, ""},
		"too large":                 {"18446744073709551616", 0, "after 2554"},
		"seconds too large":         {int64(99999999999), 0, "after 2554"},
		"many digits":               {"1000000000000000000000000000000", 0, "after 2554"},
		"huge":                      {1e300, 0, "after 2554"},
		"a boolean":                 {true, 0, "got a boolean"},
		"an object":                 {signal.Map{}, 0, "got an object"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := parseTime(signal.Value{Data: tc.in})
			if tc.wantErr != "" {
				require.ErrorContains(t, err, tc.wantErr)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tc.want, got)
		})
	}
}

// TestTimesInEveryUnit: any time from 1973 to 2286 reads back in each unit, as it has the digits
// by which units are told apart.
func TestTimesInEveryUnit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint64Range(1e17, 9e18).Draw(t, "nanoseconds")
		for _, unit := range []uint64{1e9, 1e6, 1e3, 1} {
			got, err := parseTime(signal.Value{Data: int64(n / unit)})
			require.NoError(t, err)
			require.Equal(t, signal.Nanos(n/unit*unit), got)
		}
		got, err := parseTime(signal.Value{Data: time.Unix(0, int64(n)).Format(time.RFC3339Nano)})
		require.NoError(t, err)
		require.Equal(t, signal.Nanos(n), got)
	})
}

func TestParseLevel(t *testing.T) {
	for in, want := range map[string]int32{
		"trace": 1, "DEBUG": 5, "Info": 9, "information": 9, "notice": 10, "warn": 13, "WARNING": 13, " warning ": 13,
		"err": 17, "error": 17, "ERROR": 17, "SEVERE": 17, "critical": 21, "fatal": 21, "panic": 21, "emerg": 21,
		"INFO+2": 11, "WARN-1": 12, "ERROR+4": 21, "ERROR+100": 24, "DEBUG-4": 1, "trace-9": 1,
	} {
		number, text, err := parseLevel(signal.Value{Data: in})
		require.NoError(t, err, in)
		assert.Equal(t, want, number, in)
		assert.Equal(t, in, text, "kept as it was sent")
	}
	for _, in := range []any{"", "loud", "+1", "info+", "info+x", "info+1000", int64(0), int64(25), 9.5, nil, true} {
		_, _, err := parseLevel(signal.Value{Data: in})
		require.Error(t, err, in)
	}
}
