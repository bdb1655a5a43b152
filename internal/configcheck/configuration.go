package configcheck

import (
	"cmp"
	"maps"
	"slices"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
)

// Sections of a configuration.
const (
	receivers  = "receivers"
	processors = "processors"
	exporters  = "exporters"
	extensions = "extensions"
)

// Types of components that the checks are about.
const (
	typeOTLP             = "otlp"
	typeIngest           = "ingest"
	typeFilelog          = "filelog"
	typeBatch            = "batch"
	typeTailSampling     = "tail_sampling"
	typeMemoryLimiter    = "memory_limiter"
	typeTraceCorrelation = "trace_correlation"
	typeRCA              = "rca"
	typeQuery            = "query"
	typeHealth           = "health"
	typeHealthCheck      = "health_check"
	typePprof            = "pprof"
	typeZpages           = "zpages"
	typeRequestLimiter   = "request_limiter"
)

// configuration is a whole configuration, not decoded. What is not formed as it should be counts as absent:
// the collector's own decoding says so.
type configuration struct {
	root      map[string]any
	pipelines []pipeline
	used      map[string][]string // names of components, by section
}

// pipeline is one of service::pipelines.
type pipeline struct {
	key        string
	signal     string
	components map[string][]string // names, by section
}

func newConfiguration(conf *confmap.Conf) *configuration {
	c := &configuration{root: conf.ToStringMap(), used: map[string][]string{}}
	for _, name := range sortedKeys(section(c.root, "service", "pipelines")) {
		settings := section(c.root, "service", "pipelines", name)
		p := pipeline{key: "service::pipelines::" + name, signal: typeOf(name), components: map[string][]string{}}
		for _, part := range []string{receivers, processors, exporters} {
			p.components[part] = texts(settings[part])
			c.used[part] = append(c.used[part], p.components[part]...)
		}
		c.pipelines = append(c.pipelines, p)
	}
	c.used[extensions] = texts(section(c.root, "service")["extensions"])
	for _, names := range c.used {
		slices.Sort(names)
	}
	return c
}

// component is the configuration of one component.
type configured struct {
	key      string // of the configuration, as extensions::query
	kind     string // its type
	settings map[string]any
}

// running lists the components of a section that are used, by name.
func (c *configuration) running(part string) []configured {
	var all []configured
	for _, name := range slices.Compact(slices.Clone(c.used[part])) {
		all = append(all, configured{part + "::" + name, typeOf(name), section(c.root, part, name)})
	}
	return all
}

// unused warns of components that are configured and do not run.
func (c *configuration) unused() (warnings []string) {
	for _, part := range []string{receivers, processors, exporters, extensions} {
		where := "in no pipeline"
		if part == extensions {
			where = "not in service::extensions"
		}
		for _, name := range sortedKeys(section(c.root, part)) {
			if !slices.Contains(c.used[part], name) {
				warnings = append(warnings, part+"::"+name+" is configured, but "+where+": it does not run")
			}
		}
	}
	return warnings
}

// of returns the names of the components of a type in a section of the pipeline.
func (p *pipeline) of(part, kind string) []string {
	return slices.DeleteFunc(slices.Clone(p.components[part]), func(name string) bool { return typeOf(name) != kind })
}

// typeOf returns the type in a component's or pipeline's name.
func typeOf(name string) string {
	var id component.ID
	if id.UnmarshalText([]byte(name)) != nil {
		return ""
	}
	return id.Type().String()
}

// section returns the map below the keys, an empty one if there is none.
func section(settings map[string]any, keys ...string) map[string]any {
	for _, key := range keys {
		settings, _ = settings[key].(map[string]any)
	}
	return settings
}

// textOf returns a text below the keys, or else the default.
func textOf(settings map[string]any, otherwise, key string) string {
	text, _ := settings[key].(string)
	return cmp.Or(text, otherwise)
}

func isSet(settings map[string]any, key string) bool {
	_, set := settings[key]
	return set
}

func texts(list any) []string {
	items, _ := list.([]any)
	var all []string
	for _, item := range items {
		if text, ok := item.(string); ok {
			all = append(all, text)
		}
	}
	return all
}

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
