//! The connections of a child.

use crate::Asn;
use apache::{Level, ProcessLog};
use background::Logger;
use module_kit::{OneEach, logger};
use pg::{ConnectionInfo, Driver, Pool, PoolSettings};
use std::sync::Arc;

/// The pools of a child, all driven by one thread; sources that connect to the same share one.
pub struct Databases {
    log: Arc<ProcessLog<Asn>>,
    /// Not before somebody needs it.
    driver: Option<Driver>,
    pools: OneEach<(ConnectionInfo, PoolSettings), Pool>,
}

impl Databases {
    /// Starts nothing yet.
    pub fn new(log: &Arc<ProcessLog<Asn>>) -> Self {
        Self {
            log: Arc::clone(log),
            driver: None,
            pools: OneEach::default(),
        }
    }

    /// The error log.
    pub fn log(&self) -> &Arc<ProcessLog<Asn>> {
        &self.log
    }

    /// The pool of all that connect to this in this way.
    pub fn shared(&mut self, info: &ConnectionInfo, settings: &PoolSettings) -> Arc<Pool> {
        let mut pools = std::mem::take(&mut self.pools);
        let key = (info.clone(), settings.clone());
        let pool = pools.get_or_make(key, |(info, settings)| {
            self.open(info, settings, logger(&self.log))
        });
        self.pools = pools;
        pool
    }

    /// A pool for one user.
    pub fn open(&mut self, info: &ConnectionInfo, settings: &PoolSettings, log: Logger) -> Pool {
        let pool = Pool::new(info.clone(), settings.clone(), log);
        if self.driver.is_none() {
            self.driver = Driver::start()
                .inspect_err(|error| {
                    let text = format!("cannot start the thread of the database: {error}");
                    self.log.log(Level::Error, &text);
                })
                .ok();
        }
        if let Some(driver) = &self.driver {
            pool.start(driver);
        }
        pool
    }

    /// What drives the pools, if there are any.
    pub fn into_driver(self) -> Option<Driver> {
        self.driver
    }
}
