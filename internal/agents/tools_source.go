package agents

import (
	"errors"
	"fmt"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

func readSourceTool(b *toolbox, args arguments) (string, error) {
	evidence, err1 := args.required("evidence")
	file, err2 := args.required("file")
	line, err3 := args.number("line")
	if err := errors.Join(err1, err2, err3); err != nil {
		return "", err
	}
	place, err := b.frame(refOf(evidence), file, line)
	if err != nil {
		return "", err
	}
	root, ok := b.roots[place.service]
	if !ok {
		return "", fmt.Errorf("no source is configured for service %s", b.index.Name(place.service))
	}
	e, err := b.excerpt(args.call, root, place.frame)
	if err != nil {
		b.refusal = err.Error()
		return "", err
	}
	b.source = e
	return b.sourceText(e, place), nil
}

// excerpt reads a file and redacts it, or returns what was read of it when the transcript was made.
func (b *toolbox) excerpt(c *Call, root SourceRoot, frame failure.Frame) (*excerpt, error) {
	if b.played != nil {
		e, err := b.played.excerpt(c)
		if err == nil {
			b.index.Session.Adopt(strings.Join(e.Lines, "\n"), b.played.transcript.Redacted)
		}
		return e, err
	}
	return readSource(root, frame, b.index.Session.Foreign)
}

// codePlace is a stack frame of the evidence and the service that ran it.
type codePlace struct {
	frame   failure.Frame
	service string
	version string
}

// frames are the stack frames of a record and the resource that wrote it.
func (b *toolbox) frames(ref incident.Ref) (*signal.Resource, []failure.Frame, bool) {
	r, ok := b.index.Record(ref)
	switch {
	case ok && r.Log != nil:
		return r.Log.Resource, framesOf(r.Log.Attributes, r.Log.Body.Str()), true
	case ok && r.Span != nil:
		frames := framesOf(r.Span.Attributes, r.Span.StatusMessage)
		for _, e := range r.Span.Events {
			frames = append(frames, framesOf(e.Attributes, semconv.ExceptionOf(e.Attributes).Message)...)
		}
		return r.Span.Resource, frames, true
	}
	return nil, nil, false
}

// frame finds the stack frame that a record has at file and line, as the model saw them.
func (b *toolbox) frame(ref incident.Ref, file string, line int) (codePlace, error) {
	resource, frames, ok := b.frames(ref)
	if !ok {
		return codePlace{}, errors.New("evidence must be a span or a log of the case")
	}
	for _, f := range frames {
		if f.Line == line && (f.File == file || b.index.Name(f.File) == file) {
			return codePlace{frame: f, service: resource.Service(), version: resource.Version()}, nil
		}
	}
	if len(frames) == 0 {
		return codePlace{}, errors.New("this record has no stack frame")
	}
	p := newPage(1 << 10)
	for _, f := range frames {
		p.addf("%s line %d", b.index.Name(f.File), f.Line)
	}
	return codePlace{}, fmt.Errorf("this record has no such frame; it has: %s", p.text("they are further from the throw"))
}

// sourceText numbers the lines and marks the frame's.
func (b *toolbox) sourceText(e *excerpt, place codePlace) string {
	p := newPage(maxToolOutput)
	p.add(versionNote(b.index.Name(e.Version), b.index.Name(place.version)))
	p.add(b.index.Name(e.Path) + ":")
	for i, l := range e.Lines {
		mark := " "
		if e.First+i == place.frame.Line {
			mark = ">"
		}
		p.addf("%s%5d| %s", mark, e.First+i, dossier.Visible(l))
	}
	return p.text("lines are cut")
}

// framesOf reads all stack frames that a record names: in stacks, in texts, in code attributes.
func framesOf(attributes signal.Map, texts ...string) []failure.Frame {
	var frames []failure.Frame
	if place, ok := semconv.CodePlaceOf(attributes); ok {
		frames = append(frames, failure.Frame{File: place.File, Line: place.Line, Module: place.Module})
	}
	for _, text := range append(texts, semconv.ExceptionOf(attributes).Stack) {
		for _, x := range failure.ParseExceptions(text) {
			for ; x != nil; x = x.Cause {
				frames = append(frames, x.Frames...)
			}
		}
	}
	return frames
}
