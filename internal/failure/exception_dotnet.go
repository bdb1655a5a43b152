package failure

import (
	"regexp"
	"strings"
)

const dotnetInner = "--- End of inner exception stack trace ---"

var dotnetHeader = regexp.MustCompile("([A-Za-z_][A-Za-z0-9_.+`]*(?:Exception|Error)\\b)(?: \\(((?:0x)?[0-9A-Fa-f-]+)\\))?(?::[ \r\n]*([^\r\n]*))?")

// parseDotnet reads what Exception.ToString writes: the exception and, after arrows, its inner ones,
// then the frames of the innermost, of what wraps it, and so on.
func parseDotnet(text string) []*Exception {
	if strings.Contains(text, ".java:") || strings.Contains(text, ".kt:") {
		return nil
	}
	text = restoreLines(text)
	head, stack := cutDotnet(text)
	if stack == "" {
		return nil
	}
	chain := dotnetChain(head)
	at := len(chain) - 1
	for line := range strings.SplitSeq(stack, "\n") {
		line = strings.TrimSpace(line)
		if line == dotnetInner {
			at = max(0, at-1)
		} else if f, ok := dotnetFrame(line); ok && len(chain[at].Frames) < maxFrames {
			chain[at].Frames = append(chain[at].Frames, f)
		}
	}
	return chain[:1]
}

// cutDotnet splits before the first line that is a frame.
func cutDotnet(text string) (head, stack string) {
	for from := 0; from < len(text); {
		line, _, _ := strings.Cut(text[from:], "\n")
		if _, ok := dotnetFrame(strings.TrimSpace(line)); ok {
			return text[:from], text[from:]
		}
		from += len(line) + 1
	}
	return "", ""
}

// dotnetChain are the exceptions that a header names, each linked to its cause; an unnamed one where
// it names none.
func dotnetChain(head string) []*Exception {
	var chain []*Exception
	for _, part := range strings.SplitN(head, "---> ", maxExceptions) {
		m := dotnetHeader.FindStringSubmatch(part)
		if m == nil {
			continue
		}
		e := &Exception{Type: m[1], Message: strings.TrimSpace(m[3])}
		if strings.HasSuffix(m[1], "SocketException") {
			e.Code = m[2]
		}
		if len(chain) > 0 {
			chain[len(chain)-1].Cause = e
		}
		chain = append(chain, e)
	}
	if len(chain) == 0 {
		chain = []*Exception{{}}
	}
	return chain
}

// dotnetFrame reads "at Shop.Pay.Charge(Order order) in /src/Pay.cs:line 12".
func dotnetFrame(s string) (Frame, bool) {
	name, found := strings.CutPrefix(cut(s, maxFrame), "at ")
	if !found {
		return Frame{}, false
	}
	name, args, opened := strings.Cut(name, "(")
	args, source, closed := strings.Cut(args, ")")
	dot := strings.LastIndexByte(name, '.')
	if _, java := javaFrame(s); java > 0 || !opened || !closed || dot <= 0 || dot == len(name)-1 || strings.ContainsAny(name, " /@") || strings.Contains(args, ":") {
		return Frame{}, false
	}
	if before, after, nested := strings.Cut(name, "<>c"); nested { // the class that holds closures
		_, after, _ = strings.Cut(after, ".")
		name = before + after
		if dot = strings.LastIndexByte(name, '.'); dot <= 0 || dot == len(name)-1 {
			return Frame{}, false
		}
	}
	f := Frame{Module: strings.TrimRight(name[:dot], "."), Function: name[dot+1:]}            // a constructor is ..ctor
	if i, j := strings.IndexByte(name, '<'), strings.IndexByte(name, '>'); i > 0 && i+1 < j { // a compiled closure or task
		f.Module, f.Function = strings.TrimRight(name[:i], ".+"), name[i+1:j]
		f.Closure = strings.HasPrefix(name[j+1:], "b__")
	}
	if file, line, located := strings.Cut(strings.TrimPrefix(source, " in "), ":line "); located {
		f.File, f.Line = file, lineNumber(strings.TrimSpace(line))
	} else if strings.TrimSpace(source) != "" {
		return Frame{}, false
	}
	first, _, _ := strings.Cut(f.Module, ".")
	f.InApp = !dotnetLibraries[first]
	return f, true
}

// dotnetLibraries are the first parts of namespaces that are never the application's.
var dotnetLibraries = setOf(`
	System Microsoft Npgsql MySqlConnector MySql Oracle StackExchange MongoDB Grpc Polly RabbitMQ Confluent MassTransit Dapper
	Newtonsoft Serilog NLog OpenTelemetry Azure Amazon Google Elastic Elasticsearch Nest Refit RestSharp Flurl MediatR Hangfire
	FluentValidation AutoMapper Autofac Castle NServiceBus Quartz Swashbuckle Steeltoe Ocelot Yarp HotChocolate NHibernate`)
