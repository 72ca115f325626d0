// Answers pods as an API server with a ValidatingAdmissionPolicy does, by the API server's own code. Reads
// {"policy": object, "pods": [object]} and prints an array of "admitted", "not matched" and "denied: MESSAGE".
// scripts/build-admission.ts builds it. Authority: k8s.io/apiserver, pkg/admission/plugin/policy/validating (plugin.go,
// compilePolicy, which is not exported).
package main

import (
	"context"
	"encoding/json"
	"os"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	apiservercel "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/environment"
)

func fatal(err error) {
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
}

func main() {
	var given struct {
		Policy admissionv1.ValidatingAdmissionPolicy
		Pods   []corev1.Pod
	}
	fatal(json.NewDecoder(os.Stdin).Decode(&given))
	spec := given.Policy.Spec
	compiler, err := cel.NewCompositedCompiler(environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()))
	fatal(err)
	options := cel.OptionalVariableDeclarations{HasAuthorizer: true}
	variables := make([]cel.NamedExpressionAccessor, len(spec.Variables))
	for i, each := range spec.Variables {
		variables[i] = &validating.Variable{Name: each.Name, Expression: each.Expression}
	}
	compiler.CompileAndStoreVariables(variables, options, environment.NewExpressions)
	conditions := make([]cel.ExpressionAccessor, len(spec.MatchConditions))
	for i := range spec.MatchConditions {
		conditions[i] = (*matchconditions.MatchCondition)(&spec.MatchConditions[i])
	}
	validations := make([]cel.ExpressionAccessor, len(spec.Validations))
	for i, each := range spec.Validations {
		validations[i] = &validating.ValidationCondition{Expression: each.Expression, Message: each.Message}
	}
	compiled := compiler.CompileCondition(validations, options, environment.NewExpressions)
	for _, err := range compiled.CompilationErrors() {
		fatal(err)
	}
	matcher := matchconditions.NewMatcher(
		compiler.CompileCondition(conditions, options, environment.NewExpressions),
		spec.FailurePolicy, "policy", "validate", given.Policy.Name)
	none := compiler.CompileCondition(nil, options, environment.NewExpressions)
	validator := validating.NewValidator(compiled, matcher, none, none, spec.FailurePolicy, nil)

	kind := schema.GroupVersionKind{Version: "v1", Kind: "Pod"}
	resource := schema.GroupVersionResource{Version: "v1", Resource: "pods"}
	answers := []string{}
	for i := range given.Pods {
		pod := &given.Pods[i]
		pod.APIVersion, pod.Kind = "v1", "Pod"
		record := admission.NewAttributesRecord(pod, nil, kind, "shop", pod.Name, resource, "", admission.Create, nil, false, nil)
		versioned := &admission.VersionedAttributes{Attributes: record, VersionedKind: kind, VersionedObject: pod}
		result := validator.Validate(context.Background(), resource, versioned, nil, nil, apiservercel.RuntimeCELCostBudget, nil)
		answer := "admitted"
		if len(result.Decisions) == 0 {
			answer = "not matched"
		}
		for _, decision := range result.Decisions {
			if decision.Action != validating.ActionAdmit {
				answer = "denied: " + decision.Message
				break
			}
		}
		answers = append(answers, answer)
	}
	fatal(json.NewEncoder(os.Stdout).Encode(answers))
}
