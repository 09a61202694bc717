package dialogue

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm"
)

// maxExpression is how long an expression is, in bytes, and maxNodes how many parts it has.
const (
	maxExpression = 500
	maxNodes      = 100
	memoryBudget  = 10_000
)

// functions are those of the language that an expression may use; none of them
// walks a list with a condition of its own, so that work is bounded by what is written.
var functions = []string{"len", "lower", "upper", "trim", "int", "float", "string", "abs", "round", "ceil", "floor", "max", "min", "first", "last", "join", "hasPrefix", "hasSuffix"}

// Condition is an expression that was compiled.
type Condition struct {
	Source  string
	program *vm.Program
	names   []string
}

// guard refuses what is unbounded, and notes the variables.
type guard struct {
	names []string
	err   error
}

// Visit looks at one part of the expression.
func (g *guard) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.PredicateNode, *ast.PointerNode:
		g.err = errors.New("conditions inside of functions are not available")
	case *ast.BinaryNode:
		if n.Operator == ".." {
			g.err = errors.New("ranges are not available")
		}
	case *ast.IdentifierNode:
		if !slices.Contains(g.names, n.Value) {
			g.names = append(g.names, n.Value)
		}
	}
}

// compile reads an expression. The error says what is wrong, in the words of expr.
func compile(source string) (*Condition, error) {
	if source = strings.TrimSpace(source); source == "" || len(source) > maxExpression {
		return nil, fmt.Errorf("an expression has 1 to %d characters", maxExpression)
	}
	options := []expr.Option{
		expr.Env(map[string]any{}), expr.AllowUndefinedVariables(), expr.MaxNodes(maxNodes), expr.DisableAllBuiltins(),
		expr.Function("days_until", func(p ...any) (any, error) { return daysUntil(p) }),
	}
	for _, f := range functions {
		options = append(options, expr.EnableBuiltin(f))
	}
	g := &guard{}
	program, err := expr.Compile(source, append(options, expr.Patch(g), expr.Optimize(false))...)
	if err == nil {
		err = g.err
	}
	if err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		return nil, errors.New(first)
	}
	names := slices.DeleteFunc(g.names, func(n string) bool { return n == "days_until" })
	return &Condition{Source: source, program: program, names: names}, nil
}

// daysUntil counts days from the first date to the second, "2006-01-02" or RFC 3339.
func daysUntil(p []any) (any, error) {
	if len(p) != 2 {
		return nil, errors.New("days_until needs today and a date")
	}
	var at [2]time.Time
	for i, v := range p {
		s, _ := v.(string)
		var err error
		if at[i], err = time.Parse("2006-01-02", s[:min(10, len(s))]); err != nil {
			return nil, errors.New("days_until needs dates")
		}
	}
	return math.Round(at[1].Sub(at[0]).Hours() / 24), nil
}

// eval computes the expression. What is missing is nil.
func (c *Condition) eval(v values) (result any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("the expression cannot be computed")
		}
	}()
	env := make(map[string]any, len(v.vars)+len(v.facts))
	maps.Copy(env, v.facts)
	maps.Copy(env, v.vars)
	machine := vm.VM{MemoryBudget: memoryBudget}
	out, err := machine.Run(c.program, env)
	if err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		return nil, errors.New(first)
	}
	return plain(out), nil
}

// plain makes numbers float64, as in JSON.
func plain(v any) any {
	switch x := v.(type) {
	case int:
		return float64(x)
	case int64:
		return float64(x)
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return nil
		}
	case time.Duration, time.Time, func(...any) (any, error):
		return nil
	}
	return v
}

// holds computes a condition; what is neither true nor false counts as in most
// languages: empty, zero and missing are false.
func (c *Condition) holds(v values) (bool, error) {
	out, err := c.eval(v)
	if err != nil {
		return false, err
	}
	switch x := out.(type) {
	case bool:
		return x, nil
	case string:
		return x != "", nil
	case float64:
		return x != 0, nil
	case []any:
		return len(x) > 0, nil
	case map[string]any:
		return len(x) > 0, nil
	}
	return out != nil, nil
}
