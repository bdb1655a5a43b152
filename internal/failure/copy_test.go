package failure

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// thrownIn is a traceback of Python: the frames of own code, the innermost last.
func thrownIn(exception string, functions ...string) string {
	var s strings.Builder
	s.WriteString("Traceback (most recent call last):\n")
	for _, f := range functions {
		s.WriteString("  File \"/srv/app.py\", line 7, in " + f + "\n    do()\n")
	}
	return s.String() + exception + "\n"
}

// inLibrary makes the frames of a traceback those of a library.
func inLibrary(stack string) string {
	return strings.ReplaceAll(stack, "/srv/app.py", "/usr/lib/python3/dist-packages/httpx/client.py")
}

func TestIsCopy(t *testing.T) {
	for name, c := range map[string]struct {
		a, b Observed
		want bool
	}{
		"type and message": {
			Observed{ErrorType: "ConnectError", Message: "All connection attempts failed\n"},
			Observed{ErrorType: "httpx.ConnectError", Message: "All connection attempts failed"}, true,
		},
		"other message":          {Observed{ErrorType: "KeyError", Message: "a"}, Observed{ErrorType: "KeyError", Message: "b"}, false},
		"other type":             {Observed{ErrorType: "KeyError", Message: "a"}, Observed{ErrorType: "ValueError", Message: "a"}, false},
		"type without more":      {Observed{ErrorType: "TimeoutError"}, Observed{ErrorType: "TimeoutError"}, false},
		"message without a type": {Observed{Message: "no"}, Observed{Message: "no"}, false},
		"frames, one has more below the entry": {
			Observed{ErrorType: "TimeoutError", Stack: thrownIn("TimeoutError", "run_asgi", "entry", "handle", "call", "wait")},
			Observed{ErrorType: "TimeoutError", Stack: thrownIn("TimeoutError", "handle", "call", "wait")}, true,
		},
		"frames of a library only": {
			Observed{ErrorType: "ReadTimeout", Stack: inLibrary(thrownIn("httpx.ReadTimeout", "run_asgi", "handle", "get", "read"))},
			Observed{ErrorType: "httpx.ReadTimeout", Stack: inLibrary(thrownIn("httpx.ReadTimeout", "handle", "get", "read"))}, true,
		},
		"frames of a library, at another line": {
			Observed{Stack: inLibrary(thrownIn("httpx.ReadTimeout", "get", "read"))},
			Observed{Stack: strings.ReplaceAll(inLibrary(thrownIn("httpx.ReadTimeout", "get", "read")), "line 7", "line 9")}, false,
		},
		"frames of a library, with another message": {
			Observed{Stack: inLibrary(thrownIn("httpx.ReadTimeout: a", "get", "read"))},
			Observed{Stack: inLibrary(thrownIn("httpx.ReadTimeout: b", "get", "read"))}, false,
		},
		"other frames": {
			Observed{ErrorType: "TimeoutError", Stack: thrownIn("TimeoutError", "handle", "wait")},
			Observed{ErrorType: "TimeoutError", Stack: thrownIn("TimeoutError", "handle", "load")}, false,
		},
		"frames of another type": {
			Observed{Stack: thrownIn("KeyError: 1", "handle")}, Observed{Stack: thrownIn("ValueError: 2", "handle")}, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, IsCopy(c.a, c.b))
			assert.Equal(t, c.want, IsCopy(c.b, c.a))
		})
	}
}

// A cancellation beneath a timeout is how the deadline ended what it waited for; one that caused
// something else stays its cause.
func TestExceptionsEndAtADeadline(t *testing.T) {
	const because = "\nThe above exception was the direct cause of the following exception:\n\n"
	for name, c := range map[string]struct{ text, innermost string }{
		"asyncio": {thrownIn("asyncio.exceptions.CancelledError", "compute") + because + thrownIn("TimeoutError", "wait"), "TimeoutError"},
		"beneath a wrapper": {
			thrownIn("asyncio.exceptions.CancelledError", "compute") + because + thrownIn("TimeoutError", "wait") + because +
				thrownIn("httpx.ReadTimeout", "get"), "TimeoutError",
		},
		".NET": {
			"System.TimeoutException: The operation was canceled.\n ---> System.Threading.Tasks.TaskCanceledException: The operation was canceled.\n" +
				"   at Shop.Client.Send() in /src/Client.cs:line 7\n   --- End of inner exception stack trace ---\n   at Shop.Orders.Get() in /src/Orders.cs:line 9\n",
			"System.TimeoutException",
		},
		"another cause": {thrownIn("OSError: 5", "read") + because + thrownIn("TimeoutError", "wait"), "OSError"},
		"of another":    {thrownIn("asyncio.exceptions.CancelledError", "compute") + because + thrownIn("JobFailed", "run"), "asyncio.exceptions.CancelledError"},
	} {
		t.Run(name, func(t *testing.T) {
			found := ParseExceptions(c.text)
			require.NotEmpty(t, found)
			assert.Equal(t, c.innermost, found[len(found)-1].Innermost().Type)
		})
	}
}
