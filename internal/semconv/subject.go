package semconv

import "strings"

// The fields of systemd's journal that say who wrote a record, and of whom it tells.
const (
	journalUnit       = "UNIT" // the unit that systemd itself tells of
	journalContainer  = "CONTAINER_NAME"
	journalOwnUnit    = "_SYSTEMD_UNIT" // the unit of whoever wrote it
	journalIdentifier = "SYSLOG_IDENTIFIER"
	journalTransport  = "_TRANSPORT"
	journalHost       = "_HOSTNAME"
	kernel            = "kernel"
	unitSuffix        = ".service"
)

// Subject returns the service that a log record of a resource without one is about, "" where it does not
// say: the unit that systemd tells of, in its journal's fields or in a line of its, else whoever wrote it.
// What the kernel writes is about its machine.
func Subject[A Attributes](fields A, text, host string) string {
	if name := fields.Str(journalContainer); name != "" {
		return name
	}
	for _, key := range [...]string{journalUnit, journalOwnUnit} {
		if name := unitName(fields.Str(key)); name != "" {
			return name
		}
	}
	identifier := fields.Str(journalIdentifier)
	switch {
	case identifier == kernel, fields.Str(journalTransport) == kernel, identifier == "" && strings.Contains(text, " kernel: "):
		if name := fields.Str(journalHost); name != "" {
			return name
		}
		return host
	case identifier != "" && identifier != "systemd":
		return identifier
	}
	return unitIn(text)
}

// unitName is the service that a unit is, "" where it is of another kind. Instances of a template are one.
func unitName(unit string) string {
	name, ok := strings.CutSuffix(unit, unitSuffix)
	if !ok {
		return ""
	}
	name, _, _ = strings.Cut(name, "@")
	return name
}

// unitIn finds the service at the head of what systemd says of it.
func unitIn(text string) string {
	head, _, ok := strings.Cut(text, unitSuffix+": ")
	if !ok {
		return ""
	}
	return unitName(head[1+strings.LastIndexAny(head, " \t"):] + unitSuffix)
}

// EventReason returns why Kubernetes wrote an event, as in OOMKilling.
func EventReason[A Attributes](attrs A) string { return attrs.Str(keyEventReason) }
