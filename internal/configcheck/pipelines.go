package configcheck

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// checkPipelines refuses pipelines in which a success does not mean that signals are stored, or failures
// are not seen as they are stored.
func (c *configuration) checkPipelines() error {
	var errs []error
	for i := range c.pipelines {
		errs = append(errs, c.pipelines[i].check())
	}
	for _, name := range slices.Compact(slices.Clone(c.used[processors])) {
		if typeOf(name) == typeTraceCorrelation {
			errs = append(errs, c.checkCorrelation(name))
		}
	}
	return errors.Join(errs...)
}

func (p *pipeline) check() error {
	var errs []error
	if len(p.of(exporters, typeRCA)) > 0 {
		for _, name := range p.of(processors, typeBatch) {
			errs = append(errs, fmt.Errorf("%s::processors: %s answers senders before rca has stored anything, and loses what it holds in a crash: remove it, as rca puts requests together by itself",
				p.key, name))
		}
	}
	correlations := p.of(processors, typeTraceCorrelation)
	if len(correlations) > 0 || len(p.of(exporters, typeRCA)) > 0 {
		for _, name := range p.of(processors, typeTailSampling) {
			errs = append(errs, fmt.Errorf("%s::processors: %s drops traces before they can be judged: use it in a pipeline of its own, to another exporter", p.key, name))
		}
	}
	all := p.components[processors]
	switch {
	case len(correlations) > 1:
		errs = append(errs, fmt.Errorf("%s::processors: %s would each report the same failures: keep one of them", p.key, strings.Join(correlations, " and ")))
	case len(correlations) == 1 && all[len(all)-1] != correlations[0]:
		errs = append(errs, fmt.Errorf("%s::processors: %s must be the last, so that it sees what is stored", p.key, correlations[0]))
	}
	return errors.Join(errs...)
}

// checkCorrelation demands that a trace_correlation processor sees traces and logs, and has one pipeline
// down which it sends its reports.
func (c *configuration) checkCorrelation(name string) error {
	keys := map[string][]string{}
	for _, p := range c.pipelines {
		if slices.Contains(p.components[processors], name) {
			keys[p.signal] = append(keys[p.signal], p.key)
		}
	}
	switch logs := keys["logs"]; {
	case len(logs) == 0:
		return fmt.Errorf("processors::%s: it is in %s, but in no logs pipeline: add it to the one that its reports of failures are to take",
			name, strings.Join(keys["traces"], ", "))
	case len(logs) > 1:
		return fmt.Errorf("processors::%s: it is in several logs pipelines (%s), but its reports of failures take one: merge them, or give each a processor of its own",
			name, strings.Join(logs, ", "))
	case len(keys["traces"]) == 0:
		return fmt.Errorf("processors::%s: it is in no traces pipeline, and sees no failing span: add it to that beside %s", name, logs[0])
	}
	return nil
}

// warnPipelines returns what is dangerous about pipelines, and may be meant.
func (c *configuration) warnPipelines() (warnings []string) {
	var stored []string // pipelines
	correlated := false
	for _, p := range c.pipelines {
		rca, correlations := len(p.of(exporters, typeRCA)) > 0, p.of(processors, typeTraceCorrelation)
		correlated = correlated || len(correlations) > 0
		if rca && p.signal != "metrics" {
			stored = append(stored, p.key)
		}
		if i := slices.IndexFunc(p.components[processors], func(name string) bool { return typeOf(name) == typeMemoryLimiter }); i > 0 {
			warnings = append(warnings, fmt.Sprintf("%s::processors: %s is not the first: what stands before it takes memory that it cannot refuse", p.key, p.components[processors][i]))
		}
		if len(correlations) > 0 && !rca {
			warnings = append(warnings, c.warnForwarding(&p)...)
		}
		if rca {
			warnings = append(warnings, c.warnFiles(&p)...)
		}
	}
	if len(stored) > 0 && !correlated {
		warnings = append(warnings, fmt.Sprintf("%s: no pipeline has a %s processor: failures are found only by exporters::rca::sweep, a minute late",
			strings.Join(stored, ", "), typeTraceCorrelation))
	}
	return deduplicated(warnings)
}

// warnForwarding is about a sidecar: what answers its senders before the gateway does.
func (c *configuration) warnForwarding(p *pipeline) (warnings []string) {
	for _, name := range p.of(processors, typeBatch) {
		warnings = append(warnings, fmt.Sprintf("%s::processors: %s answers senders before the gateway has stored anything, and loses what it holds in a crash", p.key, name))
	}
	for _, name := range p.components[exporters] {
		if !slices.Contains([]string{"otlp", "otlp_grpc", "otlphttp", "otlp_http"}, typeOf(name)) {
			continue
		}
		queue := section(c.root, exporters, name, "sending_queue")
		if queue["enabled"] == false || queue["wait_for_result"] == true || isSet(queue, "storage") {
			continue
		}
		warnings = append(warnings, fmt.Sprintf("exporters::%s::sending_queue is in memory: it answers senders before the gateway has stored anything, and loses what it holds in a crash; "+
			"set enabled: false, or give it a storage", name))
	}
	return warnings
}

// warnFiles is about files that are read on while the store takes nothing.
func (c *configuration) warnFiles(p *pipeline) (warnings []string) {
	for _, name := range p.of(receivers, typeFilelog) {
		if section(c.root, receivers, name, "retry_on_failure")["enabled"] != true {
			warnings = append(warnings, fmt.Sprintf("receivers::%s::retry_on_failure is not enabled: lines read while rca takes nothing are lost", name))
		}
	}
	return warnings
}

func deduplicated(warnings []string) []string {
	var once []string
	for _, w := range warnings {
		if !slices.Contains(once, w) {
			once = append(once, w)
		}
	}
	return once
}
