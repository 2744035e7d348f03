#pragma once

namespace pilotpros::apps::n8n {

/// A program for node that finds the n8n package of its image and prints one line of JSON: version, path, home, the
/// environment names that its configuration reads (every `@Env` asks `name in process.env`, so a proxy sees them all),
/// and further names that its code mentions. No database, no network; 1 to 3 s.
inline constexpr const char* kAskPackage = R"js(
const fs=require('fs'),path=require('path'),os=require('os');
const real=p=>{try{return fs.realpathSync(p)}catch{return ''}};
const isPackage=d=>{try{return JSON.parse(fs.readFileSync(d+'/package.json','utf8')).name==='n8n'}catch{return false}};
const up=f=>{for(let d=real(f);d&&d!=='/';d=path.dirname(d))if(isPackage(d))return d;return ''};
const hints=[process.argv[1],...(process.env.PATH||'').split(':').map(d=>d+'/n8n'),'/usr/local/lib/node_modules/n8n/package.json','/usr/lib/node_modules/n8n/package.json','/opt/n8n/node_modules/n8n/package.json'];
let dir='';for(const h of hints)if(h&&!dir)dir=up(h);
const out={path:dir,home:os.homedir(),version:'',configured:[],mentioned:[],complaint:''};
if(dir){
out.version=JSON.parse(fs.readFileSync(dir+'/package.json','utf8')).version;
const names=new Set(),own=process.env;
try{
process.env=new Proxy(own,{has(o,k){if(typeof k==='string'&&!k.endsWith('_FILE'))names.add(k);return k in o},get(o,k){return o[k]}});
const q=require('module').createRequire(dir+'/package.json');q('reflect-metadata');
q('@n8n/di').Container.get(q('@n8n/config').GlobalConfig);
}catch(e){out.complaint='config'}
process.env=own;
const word=/^[A-Z][A-Z0-9_]*$/;
out.configured=[...names].filter(n=>word.test(n)).sort();
const seen=new Set(),q=require('module').createRequire(dir+'/package.json');
const scope=/Env\)?\(['"]([A-Z][A-Z0-9_]+)|process\.env\.([A-Z][A-Z0-9_]+)|process\.env\[.([A-Z][A-Z0-9_]+)/g;
const walk=d=>{let l=[];try{l=fs.readdirSync(d,{withFileTypes:true})}catch{return}
for(const e of l){const f=d+'/'+e.name;if(e.isDirectory()){if(e.name!=='node_modules')walk(f)}else if(e.isFile()&&e.name.endsWith('.js')){const t=fs.readFileSync(f,'utf8');if(t.includes('process.env')||t.includes('Env)(')||t.includes('Env('))for(const m of t.matchAll(scope))seen.add(m[1]||m[2]||m[3])}}};
walk(dir+'/dist');walk(dir+'/bin');
const near=n=>[dir+'/node_modules/'+n,path.dirname(dir)+'/'+n].map(real).find(Boolean);
for(const n of ['n8n-core','n8n-workflow','n8n-nodes-base']){const p=near(n);if(p)walk(p+'/dist')}
for(const base of [dir+'/node_modules/@n8n',path.dirname(dir)+'/@n8n']){let l=[];try{l=fs.readdirSync(base)}catch{}for(const n of l){const p=real(base+'/'+n);if(p)walk(p+'/dist')}}
out.mentioned=[...seen].filter(n=>!names.has(n)).sort();
}
process.stdout.write('\n'+JSON.stringify(out)+'\n');
)js";

}  // namespace pilotpros::apps::n8n
