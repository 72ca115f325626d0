// Made by scripts/make-validators.ts from schemas/oci-profile.schema.json.
// @ts-nocheck
export const validate = validate20;
export default validate20;
const schema31 = {"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"urn:seccomp-gen:oci-profile:1","type":"object","required":["defaultAction"],"properties":{"defaultAction":{"$ref":"#/$defs/action"},"defaultErrnoRet":{"$ref":"#/$defs/errno"},"architectures":{"type":["array","null"],"items":{"$ref":"#/$defs/architecture"}},"flags":{"type":["array","null"],"items":{"$ref":"#/$defs/flag"}},"listenerPath":{"type":["string","null"]},"listenerMetadata":{"type":["string","null"]},"syscalls":{"type":["array","null"],"items":{"$ref":"#/$defs/rule"}}},"$defs":{"action":{"enum":["SCMP_ACT_KILL","SCMP_ACT_KILL_PROCESS","SCMP_ACT_KILL_THREAD","SCMP_ACT_TRAP","SCMP_ACT_ERRNO","SCMP_ACT_TRACE","SCMP_ACT_ALLOW","SCMP_ACT_LOG","SCMP_ACT_NOTIFY"]},"architecture":{"enum":["SCMP_ARCH_X86","SCMP_ARCH_X86_64","SCMP_ARCH_X32","SCMP_ARCH_ARM","SCMP_ARCH_AARCH64","SCMP_ARCH_LOONGARCH64","SCMP_ARCH_M68K","SCMP_ARCH_MIPS","SCMP_ARCH_MIPS64","SCMP_ARCH_MIPS64N32","SCMP_ARCH_MIPSEL","SCMP_ARCH_MIPSEL64","SCMP_ARCH_MIPSEL64N32","SCMP_ARCH_PPC","SCMP_ARCH_PPC64","SCMP_ARCH_PPC64LE","SCMP_ARCH_S390","SCMP_ARCH_S390X","SCMP_ARCH_SH","SCMP_ARCH_SHEB","SCMP_ARCH_PARISC","SCMP_ARCH_PARISC64","SCMP_ARCH_RISCV64"]},"flag":{"enum":["SECCOMP_FILTER_FLAG_TSYNC","SECCOMP_FILTER_FLAG_LOG","SECCOMP_FILTER_FLAG_SPEC_ALLOW","SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]},"operator":{"enum":["SCMP_CMP_NE","SCMP_CMP_LT","SCMP_CMP_LE","SCMP_CMP_EQ","SCMP_CMP_GE","SCMP_CMP_GT","SCMP_CMP_MASKED_EQ"]},"errno":{"type":["integer","null"],"minimum":0,"maximum":4094},"uint64":{"type":"integer","minimum":0,"maximum":18446744073709552000},"argument":{"type":"object","required":["index","value","op"],"properties":{"index":{"type":"integer","minimum":0,"maximum":5},"value":{"$ref":"#/$defs/uint64"},"valueTwo":{"anyOf":[{"$ref":"#/$defs/uint64"},{"type":"null"}]},"op":{"$ref":"#/$defs/operator"}}},"rule":{"type":"object","required":["names","action"],"properties":{"names":{"type":"array","minItems":1,"items":{"type":"string","minLength":1}},"action":{"$ref":"#/$defs/action"},"errnoRet":{"$ref":"#/$defs/errno"},"args":{"type":["array","null"],"items":{"$ref":"#/$defs/argument"}}}}}};
const schema32 = {"enum":["SCMP_ACT_KILL","SCMP_ACT_KILL_PROCESS","SCMP_ACT_KILL_THREAD","SCMP_ACT_TRAP","SCMP_ACT_ERRNO","SCMP_ACT_TRACE","SCMP_ACT_ALLOW","SCMP_ACT_LOG","SCMP_ACT_NOTIFY"]};
const schema33 = {"type":["integer","null"],"minimum":0,"maximum":4094};
const schema34 = {"enum":["SCMP_ARCH_X86","SCMP_ARCH_X86_64","SCMP_ARCH_X32","SCMP_ARCH_ARM","SCMP_ARCH_AARCH64","SCMP_ARCH_LOONGARCH64","SCMP_ARCH_M68K","SCMP_ARCH_MIPS","SCMP_ARCH_MIPS64","SCMP_ARCH_MIPS64N32","SCMP_ARCH_MIPSEL","SCMP_ARCH_MIPSEL64","SCMP_ARCH_MIPSEL64N32","SCMP_ARCH_PPC","SCMP_ARCH_PPC64","SCMP_ARCH_PPC64LE","SCMP_ARCH_S390","SCMP_ARCH_S390X","SCMP_ARCH_SH","SCMP_ARCH_SHEB","SCMP_ARCH_PARISC","SCMP_ARCH_PARISC64","SCMP_ARCH_RISCV64"]};
const schema35 = {"enum":["SECCOMP_FILTER_FLAG_TSYNC","SECCOMP_FILTER_FLAG_LOG","SECCOMP_FILTER_FLAG_SPEC_ALLOW","SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]};
const schema36 = {"type":"object","required":["names","action"],"properties":{"names":{"type":"array","minItems":1,"items":{"type":"string","minLength":1}},"action":{"$ref":"#/$defs/action"},"errnoRet":{"$ref":"#/$defs/errno"},"args":{"type":["array","null"],"items":{"$ref":"#/$defs/argument"}}}};
import func1Module from "ajv/dist/runtime/ucs2length.js";
const func1 = func1Module.default ?? func1Module;
const schema39 = {"type":"object","required":["index","value","op"],"properties":{"index":{"type":"integer","minimum":0,"maximum":5},"value":{"$ref":"#/$defs/uint64"},"valueTwo":{"anyOf":[{"$ref":"#/$defs/uint64"},{"type":"null"}]},"op":{"$ref":"#/$defs/operator"}}};
const schema40 = {"type":"integer","minimum":0,"maximum":18446744073709552000};
const schema42 = {"enum":["SCMP_CMP_NE","SCMP_CMP_LT","SCMP_CMP_LE","SCMP_CMP_EQ","SCMP_CMP_GE","SCMP_CMP_GT","SCMP_CMP_MASKED_EQ"]};

function validate22(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
let vErrors = null;
let errors = 0;
const evaluated0 = validate22.evaluated;
if(evaluated0.dynamicProps){
evaluated0.props = undefined;
}
if(evaluated0.dynamicItems){
evaluated0.items = undefined;
}
if(errors === 0){
if(data && typeof data == "object" && !Array.isArray(data)){
let missing0;
if((((data.index === undefined) && (missing0 = "index")) || ((data.value === undefined) && (missing0 = "value"))) || ((data.op === undefined) && (missing0 = "op"))){
validate22.errors = [{instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: missing0},message:"must have required property '"+missing0+"'"}];
return false;
}
else {
if(data.index !== undefined){
let data0 = data.index;
const _errs1 = errors;
if(!(((typeof data0 == "number") && (!(data0 % 1) && !isNaN(data0))) && (isFinite(data0)))){
validate22.errors = [{instancePath:instancePath+"/index",schemaPath:"#/properties/index/type",keyword:"type",params:{type: "integer"},message:"must be integer"}];
return false;
}
if(errors === _errs1){
if((typeof data0 == "number") && (isFinite(data0))){
if(data0 > 5 || isNaN(data0)){
validate22.errors = [{instancePath:instancePath+"/index",schemaPath:"#/properties/index/maximum",keyword:"maximum",params:{comparison: "<=", limit: 5},message:"must be <= 5"}];
return false;
}
else {
if(data0 < 0 || isNaN(data0)){
validate22.errors = [{instancePath:instancePath+"/index",schemaPath:"#/properties/index/minimum",keyword:"minimum",params:{comparison: ">=", limit: 0},message:"must be >= 0"}];
return false;
}
}
}
}
var valid0 = _errs1 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.value !== undefined){
let data1 = data.value;
const _errs3 = errors;
const _errs4 = errors;
if(!(((typeof data1 == "number") && (!(data1 % 1) && !isNaN(data1))) && (isFinite(data1)))){
validate22.errors = [{instancePath:instancePath+"/value",schemaPath:"#/$defs/uint64/type",keyword:"type",params:{type: "integer"},message:"must be integer"}];
return false;
}
if(errors === _errs4){
if((typeof data1 == "number") && (isFinite(data1))){
if(data1 > 18446744073709552000 || isNaN(data1)){
validate22.errors = [{instancePath:instancePath+"/value",schemaPath:"#/$defs/uint64/maximum",keyword:"maximum",params:{comparison: "<=", limit: 18446744073709552000},message:"must be <= 18446744073709552000"}];
return false;
}
else {
if(data1 < 0 || isNaN(data1)){
validate22.errors = [{instancePath:instancePath+"/value",schemaPath:"#/$defs/uint64/minimum",keyword:"minimum",params:{comparison: ">=", limit: 0},message:"must be >= 0"}];
return false;
}
}
}
}
var valid0 = _errs3 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.valueTwo !== undefined){
let data2 = data.valueTwo;
const _errs6 = errors;
const _errs7 = errors;
let valid2 = false;
const _errs8 = errors;
const _errs9 = errors;
if(!(((typeof data2 == "number") && (!(data2 % 1) && !isNaN(data2))) && (isFinite(data2)))){
const err0 = {instancePath:instancePath+"/valueTwo",schemaPath:"#/$defs/uint64/type",keyword:"type",params:{type: "integer"},message:"must be integer"};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
if(errors === _errs9){
if((typeof data2 == "number") && (isFinite(data2))){
if(data2 > 18446744073709552000 || isNaN(data2)){
const err1 = {instancePath:instancePath+"/valueTwo",schemaPath:"#/$defs/uint64/maximum",keyword:"maximum",params:{comparison: "<=", limit: 18446744073709552000},message:"must be <= 18446744073709552000"};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
else {
if(data2 < 0 || isNaN(data2)){
const err2 = {instancePath:instancePath+"/valueTwo",schemaPath:"#/$defs/uint64/minimum",keyword:"minimum",params:{comparison: ">=", limit: 0},message:"must be >= 0"};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
}
}
}
var _valid0 = _errs8 === errors;
valid2 = valid2 || _valid0;
const _errs11 = errors;
if(data2 !== null){
const err3 = {instancePath:instancePath+"/valueTwo",schemaPath:"#/properties/valueTwo/anyOf/1/type",keyword:"type",params:{type: "null"},message:"must be null"};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
var _valid0 = _errs11 === errors;
valid2 = valid2 || _valid0;
if(!valid2){
const err4 = {instancePath:instancePath+"/valueTwo",schemaPath:"#/properties/valueTwo/anyOf",keyword:"anyOf",params:{},message:"must match a schema in anyOf"};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
validate22.errors = vErrors;
return false;
}
else {
errors = _errs7;
if(vErrors !== null){
if(_errs7){
vErrors.length = _errs7;
}
else {
vErrors = null;
}
}
}
var valid0 = _errs6 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.op !== undefined){
let data3 = data.op;
const _errs13 = errors;
if(!(((((((data3 === "SCMP_CMP_NE") || (data3 === "SCMP_CMP_LT")) || (data3 === "SCMP_CMP_LE")) || (data3 === "SCMP_CMP_EQ")) || (data3 === "SCMP_CMP_GE")) || (data3 === "SCMP_CMP_GT")) || (data3 === "SCMP_CMP_MASKED_EQ"))){
validate22.errors = [{instancePath:instancePath+"/op",schemaPath:"#/$defs/operator/enum",keyword:"enum",params:{allowedValues: schema42.enum},message:"must be equal to one of the allowed values"}];
return false;
}
var valid0 = _errs13 === errors;
}
else {
var valid0 = true;
}
}
}
}
}
}
else {
validate22.errors = [{instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object"}];
return false;
}
}
validate22.errors = vErrors;
return errors === 0;
}
validate22.evaluated = {"props":{"index":true,"value":true,"valueTwo":true,"op":true},"dynamicProps":false,"dynamicItems":false};


function validate21(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
let vErrors = null;
let errors = 0;
const evaluated0 = validate21.evaluated;
if(evaluated0.dynamicProps){
evaluated0.props = undefined;
}
if(evaluated0.dynamicItems){
evaluated0.items = undefined;
}
if(errors === 0){
if(data && typeof data == "object" && !Array.isArray(data)){
let missing0;
if(((data.names === undefined) && (missing0 = "names")) || ((data.action === undefined) && (missing0 = "action"))){
validate21.errors = [{instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: missing0},message:"must have required property '"+missing0+"'"}];
return false;
}
else {
if(data.names !== undefined){
let data0 = data.names;
const _errs1 = errors;
if(errors === _errs1){
if(Array.isArray(data0)){
if(data0.length < 1){
validate21.errors = [{instancePath:instancePath+"/names",schemaPath:"#/properties/names/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items"}];
return false;
}
else {
var valid1 = true;
const len0 = data0.length;
for(let i0=0; i0<len0; i0++){
let data1 = data0[i0];
const _errs3 = errors;
if(errors === _errs3){
if(typeof data1 === "string"){
if(func1(data1) < 1){
validate21.errors = [{instancePath:instancePath+"/names/" + i0,schemaPath:"#/properties/names/items/minLength",keyword:"minLength",params:{limit: 1},message:"must NOT have fewer than 1 characters"}];
return false;
}
}
else {
validate21.errors = [{instancePath:instancePath+"/names/" + i0,schemaPath:"#/properties/names/items/type",keyword:"type",params:{type: "string"},message:"must be string"}];
return false;
}
}
var valid1 = _errs3 === errors;
if(!valid1){
break;
}
}
}
}
else {
validate21.errors = [{instancePath:instancePath+"/names",schemaPath:"#/properties/names/type",keyword:"type",params:{type: "array"},message:"must be array"}];
return false;
}
}
var valid0 = _errs1 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.action !== undefined){
let data2 = data.action;
const _errs5 = errors;
if(!(((((((((data2 === "SCMP_ACT_KILL") || (data2 === "SCMP_ACT_KILL_PROCESS")) || (data2 === "SCMP_ACT_KILL_THREAD")) || (data2 === "SCMP_ACT_TRAP")) || (data2 === "SCMP_ACT_ERRNO")) || (data2 === "SCMP_ACT_TRACE")) || (data2 === "SCMP_ACT_ALLOW")) || (data2 === "SCMP_ACT_LOG")) || (data2 === "SCMP_ACT_NOTIFY"))){
validate21.errors = [{instancePath:instancePath+"/action",schemaPath:"#/$defs/action/enum",keyword:"enum",params:{allowedValues: schema32.enum},message:"must be equal to one of the allowed values"}];
return false;
}
var valid0 = _errs5 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.errnoRet !== undefined){
let data3 = data.errnoRet;
const _errs7 = errors;
const _errs8 = errors;
if((!(((typeof data3 == "number") && (!(data3 % 1) && !isNaN(data3))) && (isFinite(data3)))) && (data3 !== null)){
validate21.errors = [{instancePath:instancePath+"/errnoRet",schemaPath:"#/$defs/errno/type",keyword:"type",params:{type: schema33.type},message:"must be integer,null"}];
return false;
}
if(errors === _errs8){
if((typeof data3 == "number") && (isFinite(data3))){
if(data3 > 4094 || isNaN(data3)){
validate21.errors = [{instancePath:instancePath+"/errnoRet",schemaPath:"#/$defs/errno/maximum",keyword:"maximum",params:{comparison: "<=", limit: 4094},message:"must be <= 4094"}];
return false;
}
else {
if(data3 < 0 || isNaN(data3)){
validate21.errors = [{instancePath:instancePath+"/errnoRet",schemaPath:"#/$defs/errno/minimum",keyword:"minimum",params:{comparison: ">=", limit: 0},message:"must be >= 0"}];
return false;
}
}
}
}
var valid0 = _errs7 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.args !== undefined){
let data4 = data.args;
const _errs10 = errors;
if((!(Array.isArray(data4))) && (data4 !== null)){
validate21.errors = [{instancePath:instancePath+"/args",schemaPath:"#/properties/args/type",keyword:"type",params:{type: schema36.properties.args.type},message:"must be array,null"}];
return false;
}
if(errors === _errs10){
if(Array.isArray(data4)){
var valid4 = true;
const len1 = data4.length;
for(let i1=0; i1<len1; i1++){
const _errs12 = errors;
if(!(validate22(data4[i1], {instancePath:instancePath+"/args/" + i1,parentData:data4,parentDataProperty:i1,rootData,dynamicAnchors}))){
vErrors = vErrors === null ? validate22.errors : vErrors.concat(validate22.errors);
errors = vErrors.length;
}
var valid4 = _errs12 === errors;
if(!valid4){
break;
}
}
}
}
var valid0 = _errs10 === errors;
}
else {
var valid0 = true;
}
}
}
}
}
}
else {
validate21.errors = [{instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object"}];
return false;
}
}
validate21.errors = vErrors;
return errors === 0;
}
validate21.evaluated = {"props":{"names":true,"action":true,"errnoRet":true,"args":true},"dynamicProps":false,"dynamicItems":false};


function validate20(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
/*# sourceURL="urn:seccomp-gen:oci-profile:1" */;
let vErrors = null;
let errors = 0;
const evaluated0 = validate20.evaluated;
if(evaluated0.dynamicProps){
evaluated0.props = undefined;
}
if(evaluated0.dynamicItems){
evaluated0.items = undefined;
}
if(errors === 0){
if(data && typeof data == "object" && !Array.isArray(data)){
let missing0;
if((data.defaultAction === undefined) && (missing0 = "defaultAction")){
validate20.errors = [{instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: missing0},message:"must have required property '"+missing0+"'"}];
return false;
}
else {
if(data.defaultAction !== undefined){
let data0 = data.defaultAction;
const _errs1 = errors;
if(!(((((((((data0 === "SCMP_ACT_KILL") || (data0 === "SCMP_ACT_KILL_PROCESS")) || (data0 === "SCMP_ACT_KILL_THREAD")) || (data0 === "SCMP_ACT_TRAP")) || (data0 === "SCMP_ACT_ERRNO")) || (data0 === "SCMP_ACT_TRACE")) || (data0 === "SCMP_ACT_ALLOW")) || (data0 === "SCMP_ACT_LOG")) || (data0 === "SCMP_ACT_NOTIFY"))){
validate20.errors = [{instancePath:instancePath+"/defaultAction",schemaPath:"#/$defs/action/enum",keyword:"enum",params:{allowedValues: schema32.enum},message:"must be equal to one of the allowed values"}];
return false;
}
var valid0 = _errs1 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.defaultErrnoRet !== undefined){
let data1 = data.defaultErrnoRet;
const _errs3 = errors;
const _errs4 = errors;
if((!(((typeof data1 == "number") && (!(data1 % 1) && !isNaN(data1))) && (isFinite(data1)))) && (data1 !== null)){
validate20.errors = [{instancePath:instancePath+"/defaultErrnoRet",schemaPath:"#/$defs/errno/type",keyword:"type",params:{type: schema33.type},message:"must be integer,null"}];
return false;
}
if(errors === _errs4){
if((typeof data1 == "number") && (isFinite(data1))){
if(data1 > 4094 || isNaN(data1)){
validate20.errors = [{instancePath:instancePath+"/defaultErrnoRet",schemaPath:"#/$defs/errno/maximum",keyword:"maximum",params:{comparison: "<=", limit: 4094},message:"must be <= 4094"}];
return false;
}
else {
if(data1 < 0 || isNaN(data1)){
validate20.errors = [{instancePath:instancePath+"/defaultErrnoRet",schemaPath:"#/$defs/errno/minimum",keyword:"minimum",params:{comparison: ">=", limit: 0},message:"must be >= 0"}];
return false;
}
}
}
}
var valid0 = _errs3 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.architectures !== undefined){
let data2 = data.architectures;
const _errs6 = errors;
if((!(Array.isArray(data2))) && (data2 !== null)){
validate20.errors = [{instancePath:instancePath+"/architectures",schemaPath:"#/properties/architectures/type",keyword:"type",params:{type: schema31.properties.architectures.type},message:"must be array,null"}];
return false;
}
if(errors === _errs6){
if(Array.isArray(data2)){
var valid3 = true;
const len0 = data2.length;
for(let i0=0; i0<len0; i0++){
let data3 = data2[i0];
const _errs8 = errors;
if(!(((((((((((((((((((((((data3 === "SCMP_ARCH_X86") || (data3 === "SCMP_ARCH_X86_64")) || (data3 === "SCMP_ARCH_X32")) || (data3 === "SCMP_ARCH_ARM")) || (data3 === "SCMP_ARCH_AARCH64")) || (data3 === "SCMP_ARCH_LOONGARCH64")) || (data3 === "SCMP_ARCH_M68K")) || (data3 === "SCMP_ARCH_MIPS")) || (data3 === "SCMP_ARCH_MIPS64")) || (data3 === "SCMP_ARCH_MIPS64N32")) || (data3 === "SCMP_ARCH_MIPSEL")) || (data3 === "SCMP_ARCH_MIPSEL64")) || (data3 === "SCMP_ARCH_MIPSEL64N32")) || (data3 === "SCMP_ARCH_PPC")) || (data3 === "SCMP_ARCH_PPC64")) || (data3 === "SCMP_ARCH_PPC64LE")) || (data3 === "SCMP_ARCH_S390")) || (data3 === "SCMP_ARCH_S390X")) || (data3 === "SCMP_ARCH_SH")) || (data3 === "SCMP_ARCH_SHEB")) || (data3 === "SCMP_ARCH_PARISC")) || (data3 === "SCMP_ARCH_PARISC64")) || (data3 === "SCMP_ARCH_RISCV64"))){
validate20.errors = [{instancePath:instancePath+"/architectures/" + i0,schemaPath:"#/$defs/architecture/enum",keyword:"enum",params:{allowedValues: schema34.enum},message:"must be equal to one of the allowed values"}];
return false;
}
var valid3 = _errs8 === errors;
if(!valid3){
break;
}
}
}
}
var valid0 = _errs6 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.flags !== undefined){
let data4 = data.flags;
const _errs10 = errors;
if((!(Array.isArray(data4))) && (data4 !== null)){
validate20.errors = [{instancePath:instancePath+"/flags",schemaPath:"#/properties/flags/type",keyword:"type",params:{type: schema31.properties.flags.type},message:"must be array,null"}];
return false;
}
if(errors === _errs10){
if(Array.isArray(data4)){
var valid5 = true;
const len1 = data4.length;
for(let i1=0; i1<len1; i1++){
let data5 = data4[i1];
const _errs12 = errors;
if(!((((data5 === "SECCOMP_FILTER_FLAG_TSYNC") || (data5 === "SECCOMP_FILTER_FLAG_LOG")) || (data5 === "SECCOMP_FILTER_FLAG_SPEC_ALLOW")) || (data5 === "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"))){
validate20.errors = [{instancePath:instancePath+"/flags/" + i1,schemaPath:"#/$defs/flag/enum",keyword:"enum",params:{allowedValues: schema35.enum},message:"must be equal to one of the allowed values"}];
return false;
}
var valid5 = _errs12 === errors;
if(!valid5){
break;
}
}
}
}
var valid0 = _errs10 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.listenerPath !== undefined){
let data6 = data.listenerPath;
const _errs14 = errors;
if((typeof data6 !== "string") && (data6 !== null)){
validate20.errors = [{instancePath:instancePath+"/listenerPath",schemaPath:"#/properties/listenerPath/type",keyword:"type",params:{type: schema31.properties.listenerPath.type},message:"must be string,null"}];
return false;
}
var valid0 = _errs14 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.listenerMetadata !== undefined){
let data7 = data.listenerMetadata;
const _errs16 = errors;
if((typeof data7 !== "string") && (data7 !== null)){
validate20.errors = [{instancePath:instancePath+"/listenerMetadata",schemaPath:"#/properties/listenerMetadata/type",keyword:"type",params:{type: schema31.properties.listenerMetadata.type},message:"must be string,null"}];
return false;
}
var valid0 = _errs16 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.syscalls !== undefined){
let data8 = data.syscalls;
const _errs18 = errors;
if((!(Array.isArray(data8))) && (data8 !== null)){
validate20.errors = [{instancePath:instancePath+"/syscalls",schemaPath:"#/properties/syscalls/type",keyword:"type",params:{type: schema31.properties.syscalls.type},message:"must be array,null"}];
return false;
}
if(errors === _errs18){
if(Array.isArray(data8)){
var valid7 = true;
const len2 = data8.length;
for(let i2=0; i2<len2; i2++){
const _errs20 = errors;
if(!(validate21(data8[i2], {instancePath:instancePath+"/syscalls/" + i2,parentData:data8,parentDataProperty:i2,rootData,dynamicAnchors}))){
vErrors = vErrors === null ? validate21.errors : vErrors.concat(validate21.errors);
errors = vErrors.length;
}
var valid7 = _errs20 === errors;
if(!valid7){
break;
}
}
}
}
var valid0 = _errs18 === errors;
}
else {
var valid0 = true;
}
}
}
}
}
}
}
}
}
else {
validate20.errors = [{instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object"}];
return false;
}
}
validate20.errors = vErrors;
return errors === 0;
}
validate20.evaluated = {"props":{"defaultAction":true,"defaultErrnoRet":true,"architectures":true,"flags":true,"listenerPath":true,"listenerMetadata":true,"syscalls":true},"dynamicProps":false,"dynamicItems":false};

