// Made by scripts/make-validators.ts from schemas/docker-profile.schema.json.
// @ts-nocheck
export const validate = validate20;
export default validate20;
const schema31 = {"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"urn:seccomp-gen:docker-profile:1","type":"object","required":["defaultAction"],"properties":{"defaultAction":{"$ref":"#/$defs/action"},"defaultErrnoRet":{"$ref":"#/$defs/errno"},"defaultErrno":{"type":["string","null"]},"architectures":{"type":["array","null"],"items":{"$ref":"#/$defs/architecture"}},"archMap":{"type":["array","null"],"items":{"type":"object","required":["architecture"],"properties":{"architecture":{"$ref":"#/$defs/architecture"},"subArchitectures":{"type":["array","null"],"items":{"$ref":"#/$defs/architecture"}}}}},"flags":{"type":["array","null"],"items":{"$ref":"#/$defs/flag"}},"listenerPath":{"type":["string","null"]},"listenerMetadata":{"type":["string","null"]},"syscalls":{"type":["array","null"],"items":{"$ref":"#/$defs/rule"}}},"not":{"required":["architectures","archMap"],"properties":{"architectures":{"type":"array","minItems":1},"archMap":{"type":"array","minItems":1}}},"$defs":{"action":{"enum":["SCMP_ACT_KILL","SCMP_ACT_KILL_PROCESS","SCMP_ACT_KILL_THREAD","SCMP_ACT_TRAP","SCMP_ACT_ERRNO","SCMP_ACT_TRACE","SCMP_ACT_ALLOW","SCMP_ACT_LOG","SCMP_ACT_NOTIFY"]},"architecture":{"enum":["SCMP_ARCH_X86","SCMP_ARCH_X86_64","SCMP_ARCH_X32","SCMP_ARCH_ARM","SCMP_ARCH_AARCH64","SCMP_ARCH_LOONGARCH64","SCMP_ARCH_M68K","SCMP_ARCH_MIPS","SCMP_ARCH_MIPS64","SCMP_ARCH_MIPS64N32","SCMP_ARCH_MIPSEL","SCMP_ARCH_MIPSEL64","SCMP_ARCH_MIPSEL64N32","SCMP_ARCH_PPC","SCMP_ARCH_PPC64","SCMP_ARCH_PPC64LE","SCMP_ARCH_S390","SCMP_ARCH_S390X","SCMP_ARCH_SH","SCMP_ARCH_SHEB","SCMP_ARCH_PARISC","SCMP_ARCH_PARISC64","SCMP_ARCH_RISCV64"]},"flag":{"enum":["SECCOMP_FILTER_FLAG_TSYNC","SECCOMP_FILTER_FLAG_LOG","SECCOMP_FILTER_FLAG_SPEC_ALLOW","SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]},"operator":{"enum":["SCMP_CMP_NE","SCMP_CMP_LT","SCMP_CMP_LE","SCMP_CMP_EQ","SCMP_CMP_GE","SCMP_CMP_GT","SCMP_CMP_MASKED_EQ"]},"errno":{"type":["integer","null"],"minimum":0,"maximum":4094},"uint64":{"type":"integer","minimum":0,"maximum":18446744073709552000},"argument":{"type":"object","required":["index","value","op"],"properties":{"index":{"type":"integer","minimum":0,"maximum":5},"value":{"$ref":"#/$defs/uint64"},"valueTwo":{"anyOf":[{"$ref":"#/$defs/uint64"},{"type":"null"}]},"op":{"$ref":"#/$defs/operator"}}},"rule":{"type":"object","required":["action"],"anyOf":[{"required":["names"],"properties":{"names":{"type":"array","minItems":1}}},{"required":["name"],"properties":{"name":{"type":"string","minLength":1}}}],"not":{"required":["name","names"],"properties":{"name":{"type":"string","minLength":1},"names":{"type":"array","minItems":1}}},"properties":{"names":{"type":["array","null"],"items":{"type":"string","minLength":1}},"name":{"type":["string","null"]},"action":{"$ref":"#/$defs/action"},"errnoRet":{"$ref":"#/$defs/errno"},"errno":{"type":["string","null"]},"args":{"type":["array","null"],"items":{"$ref":"#/$defs/argument"}},"comment":{"type":["string","null"]},"includes":{"$ref":"#/$defs/filter"},"excludes":{"$ref":"#/$defs/filter"}}},"filter":{"type":["object","null"],"properties":{"caps":{"type":["array","null"],"items":{"type":"string"}},"arches":{"type":["array","null"],"items":{"type":"string"}},"minKernel":{"type":["string","null"],"pattern":"^[0-9]{1,3}\\.[0-9]{1,3}$"}}}}};
const schema32 = {"enum":["SCMP_ACT_KILL","SCMP_ACT_KILL_PROCESS","SCMP_ACT_KILL_THREAD","SCMP_ACT_TRAP","SCMP_ACT_ERRNO","SCMP_ACT_TRACE","SCMP_ACT_ALLOW","SCMP_ACT_LOG","SCMP_ACT_NOTIFY"]};
const schema33 = {"type":["integer","null"],"minimum":0,"maximum":4094};
const schema34 = {"enum":["SCMP_ARCH_X86","SCMP_ARCH_X86_64","SCMP_ARCH_X32","SCMP_ARCH_ARM","SCMP_ARCH_AARCH64","SCMP_ARCH_LOONGARCH64","SCMP_ARCH_M68K","SCMP_ARCH_MIPS","SCMP_ARCH_MIPS64","SCMP_ARCH_MIPS64N32","SCMP_ARCH_MIPSEL","SCMP_ARCH_MIPSEL64","SCMP_ARCH_MIPSEL64N32","SCMP_ARCH_PPC","SCMP_ARCH_PPC64","SCMP_ARCH_PPC64LE","SCMP_ARCH_S390","SCMP_ARCH_S390X","SCMP_ARCH_SH","SCMP_ARCH_SHEB","SCMP_ARCH_PARISC","SCMP_ARCH_PARISC64","SCMP_ARCH_RISCV64"]};
const schema37 = {"enum":["SECCOMP_FILTER_FLAG_TSYNC","SECCOMP_FILTER_FLAG_LOG","SECCOMP_FILTER_FLAG_SPEC_ALLOW","SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]};
const schema38 = {"type":"object","required":["action"],"anyOf":[{"required":["names"],"properties":{"names":{"type":"array","minItems":1}}},{"required":["name"],"properties":{"name":{"type":"string","minLength":1}}}],"not":{"required":["name","names"],"properties":{"name":{"type":"string","minLength":1},"names":{"type":"array","minItems":1}}},"properties":{"names":{"type":["array","null"],"items":{"type":"string","minLength":1}},"name":{"type":["string","null"]},"action":{"$ref":"#/$defs/action"},"errnoRet":{"$ref":"#/$defs/errno"},"errno":{"type":["string","null"]},"args":{"type":["array","null"],"items":{"$ref":"#/$defs/argument"}},"comment":{"type":["string","null"]},"includes":{"$ref":"#/$defs/filter"},"excludes":{"$ref":"#/$defs/filter"}}};
const schema45 = {"type":["object","null"],"properties":{"caps":{"type":["array","null"],"items":{"type":"string"}},"arches":{"type":["array","null"],"items":{"type":"string"}},"minKernel":{"type":["string","null"],"pattern":"^[0-9]{1,3}\\.[0-9]{1,3}$"}}};
import func1Module from "ajv/dist/runtime/ucs2length.js";
const func1 = func1Module.default ?? func1Module;
const schema41 = {"type":"object","required":["index","value","op"],"properties":{"index":{"type":"integer","minimum":0,"maximum":5},"value":{"$ref":"#/$defs/uint64"},"valueTwo":{"anyOf":[{"$ref":"#/$defs/uint64"},{"type":"null"}]},"op":{"$ref":"#/$defs/operator"}}};
const schema42 = {"type":"integer","minimum":0,"maximum":18446744073709552000};
const schema44 = {"enum":["SCMP_CMP_NE","SCMP_CMP_LT","SCMP_CMP_LE","SCMP_CMP_EQ","SCMP_CMP_GE","SCMP_CMP_GT","SCMP_CMP_MASKED_EQ"]};

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
validate22.errors = [{instancePath:instancePath+"/op",schemaPath:"#/$defs/operator/enum",keyword:"enum",params:{allowedValues: schema44.enum},message:"must be equal to one of the allowed values"}];
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

const pattern4 = new RegExp("^[0-9]{1,3}\\.[0-9]{1,3}$", "u");

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
const _errs1 = errors;
const _errs2 = errors;
if(data && typeof data == "object" && !Array.isArray(data)){
let missing0;
if(((data.name === undefined) && (missing0 = "name")) || ((data.names === undefined) && (missing0 = "names"))){
const err0 = {};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
else {
if(data.name !== undefined){
let data0 = data.name;
const _errs3 = errors;
if(errors === _errs3){
if(typeof data0 === "string"){
if(func1(data0) < 1){
const err1 = {};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
}
else {
const err2 = {};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
}
var valid1 = _errs3 === errors;
}
else {
var valid1 = true;
}
if(valid1){
if(data.names !== undefined){
let data1 = data.names;
const _errs5 = errors;
if(errors === _errs5){
if(Array.isArray(data1)){
if(data1.length < 1){
const err3 = {};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
else {
const err4 = {};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
var valid1 = _errs5 === errors;
}
else {
var valid1 = true;
}
}
}
}
var valid0 = _errs2 === errors;
if(valid0){
validate21.errors = [{instancePath,schemaPath:"#/not",keyword:"not",params:{},message:"must NOT be valid"}];
return false;
}
else {
errors = _errs1;
if(vErrors !== null){
if(_errs1){
vErrors.length = _errs1;
}
else {
vErrors = null;
}
}
const _errs7 = errors;
let valid2 = false;
const _errs8 = errors;
if(data && typeof data == "object" && !Array.isArray(data)){
let missing1;
if((data.names === undefined) && (missing1 = "names")){
const err5 = {instancePath,schemaPath:"#/anyOf/0/required",keyword:"required",params:{missingProperty: missing1},message:"must have required property '"+missing1+"'"};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
else {
if(data.names !== undefined){
let data2 = data.names;
const _errs9 = errors;
if(errors === _errs9){
if(Array.isArray(data2)){
if(data2.length < 1){
const err6 = {instancePath:instancePath+"/names",schemaPath:"#/anyOf/0/properties/names/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items"};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
else {
const err7 = {instancePath:instancePath+"/names",schemaPath:"#/anyOf/0/properties/names/type",keyword:"type",params:{type: "array"},message:"must be array"};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
}
}
}
}
var _valid0 = _errs8 === errors;
valid2 = valid2 || _valid0;
if(_valid0){
var props0 = {};
props0.names = true;
}
const _errs11 = errors;
if(data && typeof data == "object" && !Array.isArray(data)){
let missing2;
if((data.name === undefined) && (missing2 = "name")){
const err8 = {instancePath,schemaPath:"#/anyOf/1/required",keyword:"required",params:{missingProperty: missing2},message:"must have required property '"+missing2+"'"};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
else {
if(data.name !== undefined){
let data3 = data.name;
const _errs12 = errors;
if(errors === _errs12){
if(typeof data3 === "string"){
if(func1(data3) < 1){
const err9 = {instancePath:instancePath+"/name",schemaPath:"#/anyOf/1/properties/name/minLength",keyword:"minLength",params:{limit: 1},message:"must NOT have fewer than 1 characters"};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
}
else {
const err10 = {instancePath:instancePath+"/name",schemaPath:"#/anyOf/1/properties/name/type",keyword:"type",params:{type: "string"},message:"must be string"};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
}
}
}
}
var _valid0 = _errs11 === errors;
valid2 = valid2 || _valid0;
if(_valid0){
if(props0 !== true){
props0 = props0 || {};
props0.name = true;
}
}
if(!valid2){
const err11 = {instancePath,schemaPath:"#/anyOf",keyword:"anyOf",params:{},message:"must match a schema in anyOf"};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
validate21.errors = vErrors;
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
}
if(errors === 0){
if(data && typeof data == "object" && !Array.isArray(data)){
let missing3;
if((data.action === undefined) && (missing3 = "action")){
validate21.errors = [{instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: missing3},message:"must have required property '"+missing3+"'"}];
return false;
}
else {
if(props0 !== true){
props0 = props0 || {};
props0.names = true;
props0.name = true;
props0.action = true;
props0.errnoRet = true;
props0.errno = true;
props0.args = true;
props0.comment = true;
props0.includes = true;
props0.excludes = true;
}
if(data.names !== undefined){
let data4 = data.names;
const _errs14 = errors;
if((!(Array.isArray(data4))) && (data4 !== null)){
validate21.errors = [{instancePath:instancePath+"/names",schemaPath:"#/properties/names/type",keyword:"type",params:{type: schema38.properties.names.type},message:"must be array,null"}];
return false;
}
if(errors === _errs14){
if(Array.isArray(data4)){
var valid6 = true;
const len0 = data4.length;
for(let i0=0; i0<len0; i0++){
let data5 = data4[i0];
const _errs16 = errors;
if(errors === _errs16){
if(typeof data5 === "string"){
if(func1(data5) < 1){
validate21.errors = [{instancePath:instancePath+"/names/" + i0,schemaPath:"#/properties/names/items/minLength",keyword:"minLength",params:{limit: 1},message:"must NOT have fewer than 1 characters"}];
return false;
}
}
else {
validate21.errors = [{instancePath:instancePath+"/names/" + i0,schemaPath:"#/properties/names/items/type",keyword:"type",params:{type: "string"},message:"must be string"}];
return false;
}
}
var valid6 = _errs16 === errors;
if(!valid6){
break;
}
}
}
}
var valid5 = _errs14 === errors;
}
else {
var valid5 = true;
}
if(valid5){
if(data.name !== undefined){
let data6 = data.name;
const _errs18 = errors;
if((typeof data6 !== "string") && (data6 !== null)){
validate21.errors = [{instancePath:instancePath+"/name",schemaPath:"#/properties/name/type",keyword:"type",params:{type: schema38.properties.name.type},message:"must be string,null"}];
return false;
}
var valid5 = _errs18 === errors;
}
else {
var valid5 = true;
}
if(valid5){
if(data.action !== undefined){
let data7 = data.action;
const _errs20 = errors;
if(!(((((((((data7 === "SCMP_ACT_KILL") || (data7 === "SCMP_ACT_KILL_PROCESS")) || (data7 === "SCMP_ACT_KILL_THREAD")) || (data7 === "SCMP_ACT_TRAP")) || (data7 === "SCMP_ACT_ERRNO")) || (data7 === "SCMP_ACT_TRACE")) || (data7 === "SCMP_ACT_ALLOW")) || (data7 === "SCMP_ACT_LOG")) || (data7 === "SCMP_ACT_NOTIFY"))){
validate21.errors = [{instancePath:instancePath+"/action",schemaPath:"#/$defs/action/enum",keyword:"enum",params:{allowedValues: schema32.enum},message:"must be equal to one of the allowed values"}];
return false;
}
var valid5 = _errs20 === errors;
}
else {
var valid5 = true;
}
if(valid5){
if(data.errnoRet !== undefined){
let data8 = data.errnoRet;
const _errs22 = errors;
const _errs23 = errors;
if((!(((typeof data8 == "number") && (!(data8 % 1) && !isNaN(data8))) && (isFinite(data8)))) && (data8 !== null)){
validate21.errors = [{instancePath:instancePath+"/errnoRet",schemaPath:"#/$defs/errno/type",keyword:"type",params:{type: schema33.type},message:"must be integer,null"}];
return false;
}
if(errors === _errs23){
if((typeof data8 == "number") && (isFinite(data8))){
if(data8 > 4094 || isNaN(data8)){
validate21.errors = [{instancePath:instancePath+"/errnoRet",schemaPath:"#/$defs/errno/maximum",keyword:"maximum",params:{comparison: "<=", limit: 4094},message:"must be <= 4094"}];
return false;
}
else {
if(data8 < 0 || isNaN(data8)){
validate21.errors = [{instancePath:instancePath+"/errnoRet",schemaPath:"#/$defs/errno/minimum",keyword:"minimum",params:{comparison: ">=", limit: 0},message:"must be >= 0"}];
return false;
}
}
}
}
var valid5 = _errs22 === errors;
}
else {
var valid5 = true;
}
if(valid5){
if(data.errno !== undefined){
let data9 = data.errno;
const _errs25 = errors;
if((typeof data9 !== "string") && (data9 !== null)){
validate21.errors = [{instancePath:instancePath+"/errno",schemaPath:"#/properties/errno/type",keyword:"type",params:{type: schema38.properties.errno.type},message:"must be string,null"}];
return false;
}
var valid5 = _errs25 === errors;
}
else {
var valid5 = true;
}
if(valid5){
if(data.args !== undefined){
let data10 = data.args;
const _errs27 = errors;
if((!(Array.isArray(data10))) && (data10 !== null)){
validate21.errors = [{instancePath:instancePath+"/args",schemaPath:"#/properties/args/type",keyword:"type",params:{type: schema38.properties.args.type},message:"must be array,null"}];
return false;
}
if(errors === _errs27){
if(Array.isArray(data10)){
var valid9 = true;
const len1 = data10.length;
for(let i1=0; i1<len1; i1++){
const _errs29 = errors;
if(!(validate22(data10[i1], {instancePath:instancePath+"/args/" + i1,parentData:data10,parentDataProperty:i1,rootData,dynamicAnchors}))){
vErrors = vErrors === null ? validate22.errors : vErrors.concat(validate22.errors);
errors = vErrors.length;
}
var valid9 = _errs29 === errors;
if(!valid9){
break;
}
}
}
}
var valid5 = _errs27 === errors;
}
else {
var valid5 = true;
}
if(valid5){
if(data.comment !== undefined){
let data12 = data.comment;
const _errs30 = errors;
if((typeof data12 !== "string") && (data12 !== null)){
validate21.errors = [{instancePath:instancePath+"/comment",schemaPath:"#/properties/comment/type",keyword:"type",params:{type: schema38.properties.comment.type},message:"must be string,null"}];
return false;
}
var valid5 = _errs30 === errors;
}
else {
var valid5 = true;
}
if(valid5){
if(data.includes !== undefined){
let data13 = data.includes;
const _errs32 = errors;
const _errs33 = errors;
if((!(data13 && typeof data13 == "object" && !Array.isArray(data13))) && (data13 !== null)){
validate21.errors = [{instancePath:instancePath+"/includes",schemaPath:"#/$defs/filter/type",keyword:"type",params:{type: schema45.type},message:"must be object,null"}];
return false;
}
if(errors === _errs33){
if(data13 && typeof data13 == "object" && !Array.isArray(data13)){
if(data13.caps !== undefined){
let data14 = data13.caps;
const _errs35 = errors;
if((!(Array.isArray(data14))) && (data14 !== null)){
validate21.errors = [{instancePath:instancePath+"/includes/caps",schemaPath:"#/$defs/filter/properties/caps/type",keyword:"type",params:{type: schema45.properties.caps.type},message:"must be array,null"}];
return false;
}
if(errors === _errs35){
if(Array.isArray(data14)){
var valid12 = true;
const len2 = data14.length;
for(let i2=0; i2<len2; i2++){
const _errs37 = errors;
if(typeof data14[i2] !== "string"){
validate21.errors = [{instancePath:instancePath+"/includes/caps/" + i2,schemaPath:"#/$defs/filter/properties/caps/items/type",keyword:"type",params:{type: "string"},message:"must be string"}];
return false;
}
var valid12 = _errs37 === errors;
if(!valid12){
break;
}
}
}
}
var valid11 = _errs35 === errors;
}
else {
var valid11 = true;
}
if(valid11){
if(data13.arches !== undefined){
let data16 = data13.arches;
const _errs39 = errors;
if((!(Array.isArray(data16))) && (data16 !== null)){
validate21.errors = [{instancePath:instancePath+"/includes/arches",schemaPath:"#/$defs/filter/properties/arches/type",keyword:"type",params:{type: schema45.properties.arches.type},message:"must be array,null"}];
return false;
}
if(errors === _errs39){
if(Array.isArray(data16)){
var valid13 = true;
const len3 = data16.length;
for(let i3=0; i3<len3; i3++){
const _errs41 = errors;
if(typeof data16[i3] !== "string"){
validate21.errors = [{instancePath:instancePath+"/includes/arches/" + i3,schemaPath:"#/$defs/filter/properties/arches/items/type",keyword:"type",params:{type: "string"},message:"must be string"}];
return false;
}
var valid13 = _errs41 === errors;
if(!valid13){
break;
}
}
}
}
var valid11 = _errs39 === errors;
}
else {
var valid11 = true;
}
if(valid11){
if(data13.minKernel !== undefined){
let data18 = data13.minKernel;
const _errs43 = errors;
if((typeof data18 !== "string") && (data18 !== null)){
validate21.errors = [{instancePath:instancePath+"/includes/minKernel",schemaPath:"#/$defs/filter/properties/minKernel/type",keyword:"type",params:{type: schema45.properties.minKernel.type},message:"must be string,null"}];
return false;
}
if(errors === _errs43){
if(typeof data18 === "string"){
if(!pattern4.test(data18)){
validate21.errors = [{instancePath:instancePath+"/includes/minKernel",schemaPath:"#/$defs/filter/properties/minKernel/pattern",keyword:"pattern",params:{pattern: "^[0-9]{1,3}\\.[0-9]{1,3}$"},message:"must match pattern \""+"^[0-9]{1,3}\\.[0-9]{1,3}$"+"\""}];
return false;
}
}
}
var valid11 = _errs43 === errors;
}
else {
var valid11 = true;
}
}
}
}
}
var valid5 = _errs32 === errors;
}
else {
var valid5 = true;
}
if(valid5){
if(data.excludes !== undefined){
let data19 = data.excludes;
const _errs45 = errors;
const _errs46 = errors;
if((!(data19 && typeof data19 == "object" && !Array.isArray(data19))) && (data19 !== null)){
validate21.errors = [{instancePath:instancePath+"/excludes",schemaPath:"#/$defs/filter/type",keyword:"type",params:{type: schema45.type},message:"must be object,null"}];
return false;
}
if(errors === _errs46){
if(data19 && typeof data19 == "object" && !Array.isArray(data19)){
if(data19.caps !== undefined){
let data20 = data19.caps;
const _errs48 = errors;
if((!(Array.isArray(data20))) && (data20 !== null)){
validate21.errors = [{instancePath:instancePath+"/excludes/caps",schemaPath:"#/$defs/filter/properties/caps/type",keyword:"type",params:{type: schema45.properties.caps.type},message:"must be array,null"}];
return false;
}
if(errors === _errs48){
if(Array.isArray(data20)){
var valid16 = true;
const len4 = data20.length;
for(let i4=0; i4<len4; i4++){
const _errs50 = errors;
if(typeof data20[i4] !== "string"){
validate21.errors = [{instancePath:instancePath+"/excludes/caps/" + i4,schemaPath:"#/$defs/filter/properties/caps/items/type",keyword:"type",params:{type: "string"},message:"must be string"}];
return false;
}
var valid16 = _errs50 === errors;
if(!valid16){
break;
}
}
}
}
var valid15 = _errs48 === errors;
}
else {
var valid15 = true;
}
if(valid15){
if(data19.arches !== undefined){
let data22 = data19.arches;
const _errs52 = errors;
if((!(Array.isArray(data22))) && (data22 !== null)){
validate21.errors = [{instancePath:instancePath+"/excludes/arches",schemaPath:"#/$defs/filter/properties/arches/type",keyword:"type",params:{type: schema45.properties.arches.type},message:"must be array,null"}];
return false;
}
if(errors === _errs52){
if(Array.isArray(data22)){
var valid17 = true;
const len5 = data22.length;
for(let i5=0; i5<len5; i5++){
const _errs54 = errors;
if(typeof data22[i5] !== "string"){
validate21.errors = [{instancePath:instancePath+"/excludes/arches/" + i5,schemaPath:"#/$defs/filter/properties/arches/items/type",keyword:"type",params:{type: "string"},message:"must be string"}];
return false;
}
var valid17 = _errs54 === errors;
if(!valid17){
break;
}
}
}
}
var valid15 = _errs52 === errors;
}
else {
var valid15 = true;
}
if(valid15){
if(data19.minKernel !== undefined){
let data24 = data19.minKernel;
const _errs56 = errors;
if((typeof data24 !== "string") && (data24 !== null)){
validate21.errors = [{instancePath:instancePath+"/excludes/minKernel",schemaPath:"#/$defs/filter/properties/minKernel/type",keyword:"type",params:{type: schema45.properties.minKernel.type},message:"must be string,null"}];
return false;
}
if(errors === _errs56){
if(typeof data24 === "string"){
if(!pattern4.test(data24)){
validate21.errors = [{instancePath:instancePath+"/excludes/minKernel",schemaPath:"#/$defs/filter/properties/minKernel/pattern",keyword:"pattern",params:{pattern: "^[0-9]{1,3}\\.[0-9]{1,3}$"},message:"must match pattern \""+"^[0-9]{1,3}\\.[0-9]{1,3}$"+"\""}];
return false;
}
}
}
var valid15 = _errs56 === errors;
}
else {
var valid15 = true;
}
}
}
}
}
var valid5 = _errs45 === errors;
}
else {
var valid5 = true;
}
}
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
validate21.errors = [{instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object"}];
return false;
}
}
validate21.errors = vErrors;
evaluated0.props = props0;
return errors === 0;
}
validate21.evaluated = {"dynamicProps":true,"dynamicItems":false};


function validate20(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
/*# sourceURL="urn:seccomp-gen:docker-profile:1" */;
let vErrors = null;
let errors = 0;
const evaluated0 = validate20.evaluated;
if(evaluated0.dynamicProps){
evaluated0.props = undefined;
}
if(evaluated0.dynamicItems){
evaluated0.items = undefined;
}
const _errs1 = errors;
const _errs2 = errors;
if(data && typeof data == "object" && !Array.isArray(data)){
let missing0;
if(((data.architectures === undefined) && (missing0 = "architectures")) || ((data.archMap === undefined) && (missing0 = "archMap"))){
const err0 = {};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
else {
if(data.architectures !== undefined){
let data0 = data.architectures;
const _errs3 = errors;
if(errors === _errs3){
if(Array.isArray(data0)){
if(data0.length < 1){
const err1 = {};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
}
else {
const err2 = {};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
}
var valid1 = _errs3 === errors;
}
else {
var valid1 = true;
}
if(valid1){
if(data.archMap !== undefined){
let data1 = data.archMap;
const _errs5 = errors;
if(errors === _errs5){
if(Array.isArray(data1)){
if(data1.length < 1){
const err3 = {};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
else {
const err4 = {};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
var valid1 = _errs5 === errors;
}
else {
var valid1 = true;
}
}
}
}
var valid0 = _errs2 === errors;
if(valid0){
validate20.errors = [{instancePath,schemaPath:"#/not",keyword:"not",params:{},message:"must NOT be valid"}];
return false;
}
else {
errors = _errs1;
if(vErrors !== null){
if(_errs1){
vErrors.length = _errs1;
}
else {
vErrors = null;
}
}
}
if(errors === 0){
if(data && typeof data == "object" && !Array.isArray(data)){
let missing1;
if((data.defaultAction === undefined) && (missing1 = "defaultAction")){
validate20.errors = [{instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: missing1},message:"must have required property '"+missing1+"'"}];
return false;
}
else {
if(data.defaultAction !== undefined){
let data2 = data.defaultAction;
const _errs7 = errors;
if(!(((((((((data2 === "SCMP_ACT_KILL") || (data2 === "SCMP_ACT_KILL_PROCESS")) || (data2 === "SCMP_ACT_KILL_THREAD")) || (data2 === "SCMP_ACT_TRAP")) || (data2 === "SCMP_ACT_ERRNO")) || (data2 === "SCMP_ACT_TRACE")) || (data2 === "SCMP_ACT_ALLOW")) || (data2 === "SCMP_ACT_LOG")) || (data2 === "SCMP_ACT_NOTIFY"))){
validate20.errors = [{instancePath:instancePath+"/defaultAction",schemaPath:"#/$defs/action/enum",keyword:"enum",params:{allowedValues: schema32.enum},message:"must be equal to one of the allowed values"}];
return false;
}
var valid2 = _errs7 === errors;
}
else {
var valid2 = true;
}
if(valid2){
if(data.defaultErrnoRet !== undefined){
let data3 = data.defaultErrnoRet;
const _errs9 = errors;
const _errs10 = errors;
if((!(((typeof data3 == "number") && (!(data3 % 1) && !isNaN(data3))) && (isFinite(data3)))) && (data3 !== null)){
validate20.errors = [{instancePath:instancePath+"/defaultErrnoRet",schemaPath:"#/$defs/errno/type",keyword:"type",params:{type: schema33.type},message:"must be integer,null"}];
return false;
}
if(errors === _errs10){
if((typeof data3 == "number") && (isFinite(data3))){
if(data3 > 4094 || isNaN(data3)){
validate20.errors = [{instancePath:instancePath+"/defaultErrnoRet",schemaPath:"#/$defs/errno/maximum",keyword:"maximum",params:{comparison: "<=", limit: 4094},message:"must be <= 4094"}];
return false;
}
else {
if(data3 < 0 || isNaN(data3)){
validate20.errors = [{instancePath:instancePath+"/defaultErrnoRet",schemaPath:"#/$defs/errno/minimum",keyword:"minimum",params:{comparison: ">=", limit: 0},message:"must be >= 0"}];
return false;
}
}
}
}
var valid2 = _errs9 === errors;
}
else {
var valid2 = true;
}
if(valid2){
if(data.defaultErrno !== undefined){
let data4 = data.defaultErrno;
const _errs12 = errors;
if((typeof data4 !== "string") && (data4 !== null)){
validate20.errors = [{instancePath:instancePath+"/defaultErrno",schemaPath:"#/properties/defaultErrno/type",keyword:"type",params:{type: schema31.properties.defaultErrno.type},message:"must be string,null"}];
return false;
}
var valid2 = _errs12 === errors;
}
else {
var valid2 = true;
}
if(valid2){
if(data.architectures !== undefined){
let data5 = data.architectures;
const _errs14 = errors;
if((!(Array.isArray(data5))) && (data5 !== null)){
validate20.errors = [{instancePath:instancePath+"/architectures",schemaPath:"#/properties/architectures/type",keyword:"type",params:{type: schema31.properties.architectures.type},message:"must be array,null"}];
return false;
}
if(errors === _errs14){
if(Array.isArray(data5)){
var valid5 = true;
const len0 = data5.length;
for(let i0=0; i0<len0; i0++){
let data6 = data5[i0];
const _errs16 = errors;
if(!(((((((((((((((((((((((data6 === "SCMP_ARCH_X86") || (data6 === "SCMP_ARCH_X86_64")) || (data6 === "SCMP_ARCH_X32")) || (data6 === "SCMP_ARCH_ARM")) || (data6 === "SCMP_ARCH_AARCH64")) || (data6 === "SCMP_ARCH_LOONGARCH64")) || (data6 === "SCMP_ARCH_M68K")) || (data6 === "SCMP_ARCH_MIPS")) || (data6 === "SCMP_ARCH_MIPS64")) || (data6 === "SCMP_ARCH_MIPS64N32")) || (data6 === "SCMP_ARCH_MIPSEL")) || (data6 === "SCMP_ARCH_MIPSEL64")) || (data6 === "SCMP_ARCH_MIPSEL64N32")) || (data6 === "SCMP_ARCH_PPC")) || (data6 === "SCMP_ARCH_PPC64")) || (data6 === "SCMP_ARCH_PPC64LE")) || (data6 === "SCMP_ARCH_S390")) || (data6 === "SCMP_ARCH_S390X")) || (data6 === "SCMP_ARCH_SH")) || (data6 === "SCMP_ARCH_SHEB")) || (data6 === "SCMP_ARCH_PARISC")) || (data6 === "SCMP_ARCH_PARISC64")) || (data6 === "SCMP_ARCH_RISCV64"))){
validate20.errors = [{instancePath:instancePath+"/architectures/" + i0,schemaPath:"#/$defs/architecture/enum",keyword:"enum",params:{allowedValues: schema34.enum},message:"must be equal to one of the allowed values"}];
return false;
}
var valid5 = _errs16 === errors;
if(!valid5){
break;
}
}
}
}
var valid2 = _errs14 === errors;
}
else {
var valid2 = true;
}
if(valid2){
if(data.archMap !== undefined){
let data7 = data.archMap;
const _errs18 = errors;
if((!(Array.isArray(data7))) && (data7 !== null)){
validate20.errors = [{instancePath:instancePath+"/archMap",schemaPath:"#/properties/archMap/type",keyword:"type",params:{type: schema31.properties.archMap.type},message:"must be array,null"}];
return false;
}
if(errors === _errs18){
if(Array.isArray(data7)){
var valid7 = true;
const len1 = data7.length;
for(let i1=0; i1<len1; i1++){
let data8 = data7[i1];
const _errs20 = errors;
if(errors === _errs20){
if(data8 && typeof data8 == "object" && !Array.isArray(data8)){
let missing2;
if((data8.architecture === undefined) && (missing2 = "architecture")){
validate20.errors = [{instancePath:instancePath+"/archMap/" + i1,schemaPath:"#/properties/archMap/items/required",keyword:"required",params:{missingProperty: missing2},message:"must have required property '"+missing2+"'"}];
return false;
}
else {
if(data8.architecture !== undefined){
let data9 = data8.architecture;
const _errs22 = errors;
if(!(((((((((((((((((((((((data9 === "SCMP_ARCH_X86") || (data9 === "SCMP_ARCH_X86_64")) || (data9 === "SCMP_ARCH_X32")) || (data9 === "SCMP_ARCH_ARM")) || (data9 === "SCMP_ARCH_AARCH64")) || (data9 === "SCMP_ARCH_LOONGARCH64")) || (data9 === "SCMP_ARCH_M68K")) || (data9 === "SCMP_ARCH_MIPS")) || (data9 === "SCMP_ARCH_MIPS64")) || (data9 === "SCMP_ARCH_MIPS64N32")) || (data9 === "SCMP_ARCH_MIPSEL")) || (data9 === "SCMP_ARCH_MIPSEL64")) || (data9 === "SCMP_ARCH_MIPSEL64N32")) || (data9 === "SCMP_ARCH_PPC")) || (data9 === "SCMP_ARCH_PPC64")) || (data9 === "SCMP_ARCH_PPC64LE")) || (data9 === "SCMP_ARCH_S390")) || (data9 === "SCMP_ARCH_S390X")) || (data9 === "SCMP_ARCH_SH")) || (data9 === "SCMP_ARCH_SHEB")) || (data9 === "SCMP_ARCH_PARISC")) || (data9 === "SCMP_ARCH_PARISC64")) || (data9 === "SCMP_ARCH_RISCV64"))){
validate20.errors = [{instancePath:instancePath+"/archMap/" + i1+"/architecture",schemaPath:"#/$defs/architecture/enum",keyword:"enum",params:{allowedValues: schema34.enum},message:"must be equal to one of the allowed values"}];
return false;
}
var valid8 = _errs22 === errors;
}
else {
var valid8 = true;
}
if(valid8){
if(data8.subArchitectures !== undefined){
let data10 = data8.subArchitectures;
const _errs24 = errors;
if((!(Array.isArray(data10))) && (data10 !== null)){
validate20.errors = [{instancePath:instancePath+"/archMap/" + i1+"/subArchitectures",schemaPath:"#/properties/archMap/items/properties/subArchitectures/type",keyword:"type",params:{type: schema31.properties.archMap.items.properties.subArchitectures.type},message:"must be array,null"}];
return false;
}
if(errors === _errs24){
if(Array.isArray(data10)){
var valid10 = true;
const len2 = data10.length;
for(let i2=0; i2<len2; i2++){
let data11 = data10[i2];
const _errs26 = errors;
if(!(((((((((((((((((((((((data11 === "SCMP_ARCH_X86") || (data11 === "SCMP_ARCH_X86_64")) || (data11 === "SCMP_ARCH_X32")) || (data11 === "SCMP_ARCH_ARM")) || (data11 === "SCMP_ARCH_AARCH64")) || (data11 === "SCMP_ARCH_LOONGARCH64")) || (data11 === "SCMP_ARCH_M68K")) || (data11 === "SCMP_ARCH_MIPS")) || (data11 === "SCMP_ARCH_MIPS64")) || (data11 === "SCMP_ARCH_MIPS64N32")) || (data11 === "SCMP_ARCH_MIPSEL")) || (data11 === "SCMP_ARCH_MIPSEL64")) || (data11 === "SCMP_ARCH_MIPSEL64N32")) || (data11 === "SCMP_ARCH_PPC")) || (data11 === "SCMP_ARCH_PPC64")) || (data11 === "SCMP_ARCH_PPC64LE")) || (data11 === "SCMP_ARCH_S390")) || (data11 === "SCMP_ARCH_S390X")) || (data11 === "SCMP_ARCH_SH")) || (data11 === "SCMP_ARCH_SHEB")) || (data11 === "SCMP_ARCH_PARISC")) || (data11 === "SCMP_ARCH_PARISC64")) || (data11 === "SCMP_ARCH_RISCV64"))){
validate20.errors = [{instancePath:instancePath+"/archMap/" + i1+"/subArchitectures/" + i2,schemaPath:"#/$defs/architecture/enum",keyword:"enum",params:{allowedValues: schema34.enum},message:"must be equal to one of the allowed values"}];
return false;
}
var valid10 = _errs26 === errors;
if(!valid10){
break;
}
}
}
}
var valid8 = _errs24 === errors;
}
else {
var valid8 = true;
}
}
}
}
else {
validate20.errors = [{instancePath:instancePath+"/archMap/" + i1,schemaPath:"#/properties/archMap/items/type",keyword:"type",params:{type: "object"},message:"must be object"}];
return false;
}
}
var valid7 = _errs20 === errors;
if(!valid7){
break;
}
}
}
}
var valid2 = _errs18 === errors;
}
else {
var valid2 = true;
}
if(valid2){
if(data.flags !== undefined){
let data12 = data.flags;
const _errs28 = errors;
if((!(Array.isArray(data12))) && (data12 !== null)){
validate20.errors = [{instancePath:instancePath+"/flags",schemaPath:"#/properties/flags/type",keyword:"type",params:{type: schema31.properties.flags.type},message:"must be array,null"}];
return false;
}
if(errors === _errs28){
if(Array.isArray(data12)){
var valid12 = true;
const len3 = data12.length;
for(let i3=0; i3<len3; i3++){
let data13 = data12[i3];
const _errs30 = errors;
if(!((((data13 === "SECCOMP_FILTER_FLAG_TSYNC") || (data13 === "SECCOMP_FILTER_FLAG_LOG")) || (data13 === "SECCOMP_FILTER_FLAG_SPEC_ALLOW")) || (data13 === "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"))){
validate20.errors = [{instancePath:instancePath+"/flags/" + i3,schemaPath:"#/$defs/flag/enum",keyword:"enum",params:{allowedValues: schema37.enum},message:"must be equal to one of the allowed values"}];
return false;
}
var valid12 = _errs30 === errors;
if(!valid12){
break;
}
}
}
}
var valid2 = _errs28 === errors;
}
else {
var valid2 = true;
}
if(valid2){
if(data.listenerPath !== undefined){
let data14 = data.listenerPath;
const _errs32 = errors;
if((typeof data14 !== "string") && (data14 !== null)){
validate20.errors = [{instancePath:instancePath+"/listenerPath",schemaPath:"#/properties/listenerPath/type",keyword:"type",params:{type: schema31.properties.listenerPath.type},message:"must be string,null"}];
return false;
}
var valid2 = _errs32 === errors;
}
else {
var valid2 = true;
}
if(valid2){
if(data.listenerMetadata !== undefined){
let data15 = data.listenerMetadata;
const _errs34 = errors;
if((typeof data15 !== "string") && (data15 !== null)){
validate20.errors = [{instancePath:instancePath+"/listenerMetadata",schemaPath:"#/properties/listenerMetadata/type",keyword:"type",params:{type: schema31.properties.listenerMetadata.type},message:"must be string,null"}];
return false;
}
var valid2 = _errs34 === errors;
}
else {
var valid2 = true;
}
if(valid2){
if(data.syscalls !== undefined){
let data16 = data.syscalls;
const _errs36 = errors;
if((!(Array.isArray(data16))) && (data16 !== null)){
validate20.errors = [{instancePath:instancePath+"/syscalls",schemaPath:"#/properties/syscalls/type",keyword:"type",params:{type: schema31.properties.syscalls.type},message:"must be array,null"}];
return false;
}
if(errors === _errs36){
if(Array.isArray(data16)){
var valid14 = true;
const len4 = data16.length;
for(let i4=0; i4<len4; i4++){
const _errs38 = errors;
if(!(validate21(data16[i4], {instancePath:instancePath+"/syscalls/" + i4,parentData:data16,parentDataProperty:i4,rootData,dynamicAnchors}))){
vErrors = vErrors === null ? validate21.errors : vErrors.concat(validate21.errors);
errors = vErrors.length;
}
var valid14 = _errs38 === errors;
if(!valid14){
break;
}
}
}
}
var valid2 = _errs36 === errors;
}
else {
var valid2 = true;
}
}
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
validate20.evaluated = {"props":{"defaultAction":true,"defaultErrnoRet":true,"defaultErrno":true,"architectures":true,"archMap":true,"flags":true,"listenerPath":true,"listenerMetadata":true,"syscalls":true},"dynamicProps":false,"dynamicItems":false};

