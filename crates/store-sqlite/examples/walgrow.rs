#![allow(clippy::all, missing_docs, clippy::print_stdout, clippy::unwrap_used, reason="x")]
use std::{sync::Arc,time::{Duration,Instant}};
use chatkit_protocol::*; use chatkit_server::*; use chatkit_store_sqlite::*;
#[tokio::main]
async fn main(){
  let folder=tempfile::tempdir().unwrap(); let p=folder.path().join("c.db");
  let store=Arc::new(SqliteStore::open_with(&p,&SqliteOptions::new().durability(Durability::Process)).unwrap());
  let o=Owner::default();
  let start=Instant::now();
  let mut js=tokio::task::JoinSet::new();
  for w in 0..8 { let store=store.clone(); let o=o.clone(); js.spawn(async move {
    let t=ThreadId::from(format!("t{w}")); store.save_thread(&o,&ThreadMetadata::new(t.clone(),Timestamp::now())).await.unwrap();
    let mut n=0; while start.elapsed()<Duration::from_secs(20) { let item=ThreadItem::AssistantMessage(AssistantMessageItem{id:format!("m{n}").into(),thread_id:t.clone(),created_at:Timestamp::now(),content:vec![AssistantMessageContent::text("x".repeat(4000))]});
      store.save_item(&o,&t,&item).await.unwrap(); n+=1; } n }); }
  for w in 0..16 { let store=store.clone(); let o=o.clone(); js.spawn(async move { let t=ThreadId::from(format!("t{}",w%8));
    let mut n=0; while start.elapsed()<Duration::from_secs(20) { let _=store.load_thread_items(&o,&t,&PageRequest::first(200,Order::Desc),Visibility::All).await; n+=1;} n}); }
  let mut max=0; let mut last=0;
  while start.elapsed()<Duration::from_secs(20){ tokio::time::sleep(Duration::from_millis(50)).await; last=std::fs::metadata(folder.path().join("c.db-wal")).unwrap().len(); max=max.max(last);}
  println!("{:?} max wal {} MB last {} db {}", js.join_all().await, max>>20, last>>20, std::fs::metadata(&p).unwrap().len()>>20);
}
