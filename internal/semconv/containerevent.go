package semconv

import (
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/signal/address"
)

// PlatformEvent is what a platform records of an object that it runs: an event of Kubernetes or of Docker.
type PlatformEvent struct {
	Reason   string // why Kubernetes wrote it, or what Docker saw
	Message  string
	Subject  string // the workload that it tells of
	ExitCode string // of a container of Docker that ended
}

// Object is Attributes that may hold objects.
type Object[O any] interface {
	Attributes
	// Inner returns the object that a field holds; ok is false where it holds none.
	Inner(key string) (inner O, ok bool)
}

// PlatformEventOf reads an event of Kubernetes, whole or as a watch of its API wraps it, or one of Docker;
// ok is false where fields are none.
func PlatformEventOf[O Object[O]](fields O) (e PlatformEvent, ok bool) {
	if wrapped, is := fields.Inner("object"); is {
		fields = wrapped
	}
	for _, key := range [...]string{"involvedObject", "regarding"} {
		if object, is := fields.Inner(key); is {
			return PlatformEvent{
				Reason: fields.Str("reason"), Message: firstStr(fields, "message", "note"), Subject: workload(object.Str("kind"), object.Str("name")),
			}, true
		}
	}
	actor, ok := fields.Inner("Actor")
	if !ok || fields.Str("Type") != "container" {
		return PlatformEvent{}, false
	}
	attrs, ok := actor.Inner("Attributes")
	if !ok {
		return PlatformEvent{}, false
	}
	return dockerEvent(firstStr(fields, "Action", "status"), attrs.Str("exitCode"), containersService(attrs.Str)), true
}

// EventMarks are texts of which a line has one if it may be an event of Kubernetes or Docker.
var EventMarks = []string{`"involvedObject"`, `"regarding"`, `"Actor"`, dockerDie, dockerOOM, dockerHealth}

const (
	dockerDie    = " container die "
	dockerOOM    = " container oom "
	dockerHealth = " container health_status: unhealthy "
)

// PlatformEventInLine reads an event of Docker as its command prints it: container die ID (exitCode=137, name=db).
func PlatformEventInLine(line string) (e PlatformEvent, ok bool) {
	for _, mark := range [...]string{dockerDie, dockerOOM, dockerHealth} {
		_, tail, found := strings.Cut(line, mark)
		_, list, opened := strings.Cut(tail, "(")
		list, closed := strings.CutSuffix(strings.TrimSpace(list), ")")
		if !found || !opened || !closed {
			continue
		}
		attrs := make(map[string]string)
		for pair := range strings.SplitSeq(list, ", ") {
			if key, value, isPair := strings.Cut(pair, "="); isPair {
				attrs[key] = value
			}
		}
		action := strings.TrimPrefix(strings.TrimSpace(mark), "container ")
		return dockerEvent(action, attrs["exitCode"], containersService(func(key string) string { return attrs[key] })), true
	}
	return PlatformEvent{}, false
}

func dockerEvent(action, exitCode, subject string) PlatformEvent {
	e := PlatformEvent{Reason: action, Subject: subject}
	switch action {
	case "die":
		e.ExitCode, e.Message = exitCode, "exit code "+exitCode
	case "oom":
		e.Message = "out of memory"
	}
	return e
}

// containersService is the service whose container Docker tells of, by the labels of Compose and Swarm, else by
// the container's name.
func containersService(label func(string) string) string {
	for _, key := range [...]string{"com.docker.swarm.service.name", "com.docker.compose.service", "name"} {
		if name := label(key); name != "" {
			return name
		}
	}
	return ""
}

// workload is the workload that an object of Kubernetes is or belongs to.
func workload(kind, name string) string {
	if kind == "Pod" {
		return address.PodsWorkload(name)
	}
	return address.Workload(name)
}
