package failure

import (
	"cmp"
	"regexp"
	"strings"
)

var (
	// nodeSources are what frames have of their files.
	nodeSources = []string{"node:", "js:", "ts:", "sx:", "vue:", "bundle:", "html:"}
	nodeHeader  = regexp.MustCompile(`\b([A-Z]\w*Error|Error|[A-Z]\w*Exception)(?: \[[A-Z0-9_]+\])?(?:: ?([^\r\n]*))?`)
	nodeFrames  = regexp.MustCompile(`(?m)^\s+at [^\n]*:\d+:\d+\)?\s*$`)
	nodeFrame   = regexp.MustCompile(`^at (?:async )?(?:(.*?) \()?([^()]*?):(\d+):\d+\)?$`)
)

// parseNode reads the stacks of V8, as Node and Chrome write them, and the causes that Node prints below them.
func parseNode(text string) []*Exception {
	text = restoreLines(text)
	first := nodeFrames.FindStringIndex(text)
	if first == nil {
		return nil
	}
	root := nodeException(text[:first[0]])
	at, causes := root, 0
	for line := range strings.SplitSeq(text[first[0]:], "\n") {
		line = strings.TrimSpace(line)
		if _, cause, found := strings.Cut(line, "[cause]: "); found {
			if causes++; causes == maxExceptions {
				break
			}
			at.Cause = nodeException(cause)
			at = at.Cause
			continue
		}
		m := nodeFrame.FindStringSubmatch(cut(line, maxFrame))
		if m == nil || len(at.Frames) == maxFrames {
			continue
		}
		file := strings.TrimPrefix(strings.TrimPrefix(m[2], "file://"), "address at ") // Hermes has addresses of its bytecode
		at.Frames = append(at.Frames, Frame{Function: cmp.Or(m[1], anonymous), File: file, Line: lineNumber(m[3]), InApp: !isJSLibrary(file)})
	}
	return []*Exception{root}
}

func nodeException(head string) *Exception {
	m := nodeHeader.FindStringSubmatch(head)
	if m == nil {
		return &Exception{}
	}
	return &Exception{Type: m[1], Message: strings.TrimSuffix(strings.TrimSpace(m[2]), " {")}
}
