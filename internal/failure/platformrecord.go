package failure

import (
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Platform is what a platform records of a process that it runs. Platforms are kernels, systemd, Kubernetes and
// those that run functions and containers.
type Platform uint8

// The words of platforms. What a runtime prints of its own end is one of them.
const (
	NoPlatforms     Platform = iota // the record is none of a platform
	PlatformEnd                     // a process ended, or was not left to go on
	PlatformSymptom                 // a process does not serve; why, is not said
)

// PlatformOf reads what a log record tells as a platform's. Such a record is an error signal whatever its
// severity, as it tells of what the process itself could not record any more; it has no trace, and belongs to
// those that failed of it.
func PlatformOf(l *signal.Log) Platform {
	if p := platformOf(storedLog{l}); p != NoPlatforms && ContextOf(l).Trace.IsZero() {
		return p
	}
	return NoPlatforms
}

func platformOf[R logRecord](r R) Platform {
	if r.hasTrace() {
		return NoPlatforms
	}
	e, text := eventOf(r)
	if text = cut(text, maxPlatformText); platformMarks.in(text) != 0 {
		for _, words := range platformTexts {
			if words.are(text) {
				return words.say
			}
		}
	}
	if e.ExitCode != "" && isOrderlyCode(e.ExitCode) {
		return NoPlatforms
	}
	return eventReasons[e.Reason]
}

// eventOf is the platform's event that a record is, with its text.
func eventOf[R logRecord](r R) (semconv.PlatformEvent, string) {
	e, text := r.event(), r.text()
	if e.Reason == "" && eventMarks.in(text) != 0 {
		e, _ = signal.PlatformEventOf(signal.Value{Data: text})
	}
	if e.Message != "" {
		return e, e.Message
	}
	return e, text
}

var eventMarks = newWordSet([]language{{nil, semconv.EventMarks}})

// isOrderlyCode reports whether a process ended well or as it was told to, by its exit code.
func isOrderlyCode(code string) bool {
	switch code {
	case "0", "129", "130", "143":
		return true
	}
	return false
}

// setPlatform notes that a record without a trace is a platform's. Why Kubernetes wrote an event says more than
// its message alone.
func setPlatform[R logRecord](o *Observed, r R) {
	if !o.TraceID.IsZero() {
		return
	}
	if o.Platform = platformOf(r); o.Platform != NoPlatforms {
		e, _ := eventOf(r)
		o.Message = joinNonEmpty(": ", e.Reason, orElse(e.Message, o.Message))
	}
}

// maxPlatformText is how much of a text is read for a platform's words, which stand at its beginning.
const maxPlatformText = 2 << 10

// eventReasons are why Kubernetes and Docker write events of processes which ended or do not serve.
var eventReasons = map[string]Platform{
	"OOMKilling": PlatformEnd, "OOMKilled": PlatformEnd, "SystemOOM": PlatformEnd, "Evicted": PlatformEnd, "CrashLoopBackOff": PlatformEnd,
	"oom": PlatformEnd, "die": PlatformEnd, "health_status: unhealthy": PlatformSymptom, // Docker's
	"BackOff": PlatformSymptom, "Unhealthy": PlatformSymptom, "FailedScheduling": PlatformSymptom,
}

// platformMarks are words one of which every text of platformTexts has.
var platformMarks = newWordSet([]language{{nil, []string{
	" process ", "Main process exited, ", "Failed with result '", "by the OOM killer", "Task timed out after ", "Runtime exited ",
	"Status: timeout", "Memory quota ", "at=error code=H", "Memory limit of ", "Container killed due to memory",
	"Back-off restarting failed", "Liveness probe failed", "Readiness probe failed", "Startup probe failed",
	"was sent SIGKILL!", "killed by signal ", "exited on signal ", " exit signal ", "terminated by signal ", " (terminated by SIG", " via signal [SIG",
	"detected by the Java Runtime Environment", "[BUG] ", "Fatal Python error: ", "terminate called ", "overflowed its stack", " segfault at ",
	"*** stack smashing detected", "double free or corruption", "(core dumped)", "Out Of Memory allocating ", " Killed ",
}}})

// platformTexts are the forms in which platforms write.
var platformTexts = []struct {
	say Platform
	are func(string) bool
}{
	{PlatformEnd, func(s string) bool { // the kernel
		_, tail, ok := cutAny(s, "ut of memory: Killed process ", "ut of memory: Kill process ")
		return ok && digitsLen(tail) > 0
	}},
	{PlatformEnd, func(s string) bool { // systemd
		_, tail, ok := strings.Cut(s, ".service: Main process exited, code=")
		return ok && !isOrderlyExit(tail)
	}},
	{PlatformEnd, func(s string) bool { // systemd
		_, tail, ok := strings.Cut(s, ".service: Failed with result '")
		return ok && (strings.HasPrefix(tail, "oom-kill'") || strings.HasPrefix(tail, "core-dump'") || strings.HasPrefix(tail, "watchdog'"))
	}},
	{PlatformEnd, func(s string) bool { // systemd
		return strings.Contains(s, ".service: A process of this unit has been killed by the OOM killer")
	}},
	{PlatformEnd, isTimedOutTask},
	{PlatformEnd, func(s string) bool { // AWS Lambda
		return strings.HasPrefix(s, "RequestId: ") && strings.Contains(s, " Error: Runtime exited ")
	}},
	{PlatformEnd, func(s string) bool { // AWS Lambda
		return strings.HasPrefix(s, "REPORT RequestId: ") && strings.Contains(s, "Status: timeout")
	}},
	{PlatformEnd, func(s string) bool { // Heroku
		return strings.Contains(s, "Error R14 (Memory quota exceeded)") || strings.Contains(s, "Error R15 (Memory quota vastly exceeded)")
	}},
	{PlatformEnd, func(s string) bool { // Heroku's router
		return strings.Contains(s, "at=error code=H") && strings.Contains(s, " desc=\"")
	}},
	{PlatformEnd, func(s string) bool { // Cloud Run
		return strings.HasPrefix(s, "Memory limit of ") && strings.Contains(s, " exceeded with ")
	}},
	{PlatformEnd, func(s string) bool { // Amazon ECS
		return strings.Contains(s, "OutOfMemoryError: Container killed due to memory")
	}},
	{PlatformEnd, func(s string) bool { return strings.Contains(s, "Back-off restarting failed container") }}, // Kubernetes
	{PlatformEnd, func(s string) bool { // Gunicorn
		return strings.Contains(s, "Worker (pid:") && strings.Contains(s, ") was sent SIGKILL! Perhaps out of memory?")
	}},
	{PlatformEnd, isKilledWorker},
	{PlatformEnd, isLastWord},
	{PlatformSymptom, func(s string) bool { // Kubernetes
		return strings.HasPrefix(s, "Liveness probe failed: ") || strings.HasPrefix(s, "Readiness probe failed: ") || strings.HasPrefix(s, "Startup probe failed: ")
	}},
}

// isKilledWorker reports whether a master tells that a worker of its was ended by a signal, and not by one that
// ends processes in order: as uWSGI, php-fpm, nginx, PostgreSQL (by number), Apache, supervisord and PM2 (by name)
// write it.
func isKilledWorker(s string) bool {
	if _, tail, ok := cutAny(s, " killed by signal ", " exited on signal ", " terminated by signal "); ok {
		return isViolent(tail[:digitsLen(tail)])
	}
	if _, tail, ok := cutAny(s, " (terminated by ", " via signal ["); ok {
		name, _, closed := cutAny(tail, ";", "]", ")")
		return closed && strings.HasPrefix(name, "SIG") && !isStopSignal(name) && !strings.Contains(s, "stopped: ") // as supervisord was told
	}
	_, tail, ok := strings.Cut(s, " exit signal ")
	_, number, opened := strings.Cut(tail, " (")
	return ok && opened && strings.Contains(s, "child pid ") && isViolent(number[:digitsLen(number)])
}

// lastWords begin what a runtime prints when its process crashes, and nothing of the process can record it any more.
var lastWords = []string{
	"# A fatal error has been detected by the Java Runtime Environment", "Fatal Python error: ", "terminate called after throwing an instance of '",
	"terminate called without an active exception", "*** stack smashing detected ***", "double free or corruption",
}

// isLastWord reports whether a text is what a runtime, a shell or the kernel prints of a process that crashed.
func isLastWord(s string) bool {
	line, _, _ := strings.Cut(strings.TrimLeft(s, " \t\n"), "\n")
	for _, words := range lastWords {
		if strings.HasPrefix(line, words) {
			return true
		}
	}
	switch {
	case strings.HasPrefix(line, "thread '") && strings.HasSuffix(line, "' has overflowed its stack"), // Rust
		strings.HasSuffix(line, " (core dumped)"), strings.Contains(line, ": [BUG] Segmentation fault"): // shells, Ruby
		return true
	case strings.Contains(line, "]: segfault at ") && strings.Contains(line, " ip ") && strings.Contains(line, " error "): // Linux
		return true
	case strings.Contains(line, " # Out Of Memory allocating "): // Redis
		return true
	}
	_, job, ok := strings.Cut(line, ": line ") // of a shell: run.sh: line 7:    12 Killed   python app.py
	number, job, named := strings.Cut(job, ":")
	job = strings.TrimLeft(job, " ")
	return ok && named && digitsLen(number) == len(number) && digitsLen(job) > 0 && strings.HasPrefix(job[digitsLen(job):], " Killed ")
}

// isStopSignal reports whether a signal, by its name, asks a process to end.
func isStopSignal(name string) bool {
	return name == "SIGTERM" || name == "SIGINT" || name == "SIGHUP" || name == "SIGQUIT"
}

// isViolent reports whether a signal, by its number, is none that asks a process to end.
func isViolent(number string) bool {
	switch number {
	case "", "0", "1", "2", "15":
		return false
	}
	return true
}

// isTimedOutTask reports whether AWS Lambda tells that an invocation's time was over: after when and whose, it
// says nothing but this.
func isTimedOutTask(s string) bool {
	head, tail, ok := strings.Cut(strings.TrimSpace(s), " Task timed out after ")
	seconds, isWhole := strings.CutSuffix(tail, " seconds")
	return ok && isWhole && strings.Trim(seconds, "0123456789.") == "" && strings.IndexByte(head[1+strings.LastIndexByte(head, ' '):], '-') > 0
}

// isOrderlyExit reports whether a process ended as it was told to, by what follows "code=".
func isOrderlyExit(tail string) bool {
	for _, orderly := range [...]string{"killed, status=15/", "killed, status=2/", "killed, status=1/", "exited, status=0/", "exited, status=130/", "exited, status=143/"} {
		if strings.HasPrefix(tail, orderly) {
			return true
		}
	}
	return false
}

// cutAny is strings.Cut around the first of several separators that a text has.
func cutAny(s string, separators ...string) (before, after string, found bool) {
	for _, sep := range separators {
		if before, after, found = strings.Cut(s, sep); found {
			return before, after, true
		}
	}
	return s, "", false
}

// IsHosts reports whether a platform's record is about a machine, and says no more of whom it tells.
func IsHosts(l *signal.Log) bool {
	host := l.Resource.Host()
	return host != "" && l.Service() == host && l.Resource.Service() == semconv.UnknownService
}
