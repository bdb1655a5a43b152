package configcheck

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.opentelemetry.io/collector/confmap"
)

// shared are the settings of what counts as an error and when a trace is complete. The processors that
// report failures and the exporters that classify them must have the same.
var shared = []string{"errors", "quiet_period", "max_wait"}

// sharers lists the components with shared settings that run.
func (c *configuration) sharers() []configured {
	all := append(c.running(processors), c.running(exporters)...)
	return slices.DeleteFunc(all, func(one configured) bool { return one.kind != typeTraceCorrelation && one.kind != typeRCA })
}

// share gives settings that are written once to every component that needs them.
func share(conf *confmap.Conf) error {
	changes := map[string]any{}
	all := newConfiguration(conf).sharers()
	for _, key := range shared {
		written := slices.IndexFunc(all, func(one configured) bool { return isSet(one.settings, key) })
		if written < 0 {
			continue
		}
		for _, one := range all {
			if !isSet(one.settings, key) {
				changes[one.key+confmap.KeyDelimiter+key] = all[written].settings[key]
			}
		}
	}
	return conf.Merge(confmap.NewFromStringMap(changes))
}

// checkAgreement refuses shared settings that are written more than once, and differ.
func (c *configuration) checkAgreement() error {
	var errs []error
	all := c.sharers()
	for _, key := range shared {
		for i := 1; i < len(all); i++ {
			if canonical(all[i].settings[key]) != canonical(all[0].settings[key]) {
				errs = append(errs, fmt.Errorf("%[1]s::%[3]s differs from %[2]s::%[3]s: write it once, in either of them", all[i].key, all[0].key, key))
			}
		}
	}
	return errors.Join(errs...)
}

// canonical writes what means the same in the same way.
func canonical(value any) string {
	switch v := value.(type) {
	case string:
		if d, err := time.ParseDuration(v); err == nil {
			return d.String()
		}
	case map[string]any:
		full := map[string]any{}
		for key, one := range v {
			if list, isList := one.([]any); one != nil && (!isList || len(list) > 0) {
				full[key] = one
			}
		}
		value = full
	case nil:
		return "{}" // as with errors: and nothing behind it
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}
